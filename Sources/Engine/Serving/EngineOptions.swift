/// How an engine shares its processor and memory among requests.
public struct EngineOptions: Sendable {
    /// Threads that share the work of a step.
    public var threads = 2
    /// Most requests that wait for their first step.
    public var queueLimit = 64
    /// Most sequences that are computed together.
    public var sequences = 32
    /// Memory for keys and values, in bytes: those of running sequences and those kept for later prompts.
    public var cacheBytes = 1 << 30
    /// Whether keys and values of prompts are kept for later prompts that begin alike.
    public var keepsPrefixes = true
    /// Most prompt tokens computed in one step while others wait for their next token.
    public var chunk = 128
    /// What such a step should take at most: slower models take fewer prompt tokens a step, down to 16.
    public var stepTime = Duration.milliseconds(100)
    /// Tokens that are guessed from earlier text and checked in one step; 0: none. The answers stay the same.
    public var guesses = 0
    /// How the matrices are held.
    public var precision = WeightPrecision.float32

    /// The defaults.
    public init() {}

    /// Refuses what cannot be.
    func check() throws(EngineError) {
        guard threads > 0, queueLimit >= 0, sequences > 0, chunk > 0, cacheBytes >= 0, (0...16).contains(guesses) else {
            throw .limit(
                "an engine needs at least one thread, one sequence and one prompt token a step, limits of at least 0, "
                    + "and at most 16 guesses")
        }
    }
}
