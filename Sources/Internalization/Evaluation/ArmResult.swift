import Tuning

/// What one arm did on the held-out rows.
public struct ArmResult: Sendable, Codable {
    /// The arm's letter and what it means, such as "C" and "tuned in stages, query alone".
    public let arm: String
    /// What the letter stands for.
    public let meaning: String
    /// Rows, and the share of exactly right answers in percent.
    public let n: Int
    /// Share of exactly right answers, in percent.
    public let exact: Double
    /// Mean tokens of a prompt and of an answer.
    public let meanPromptTokens: Double
    /// Mean tokens of an answer.
    public let meanAnswerTokens: Double
    /// For each row, whether the answer was exactly right; in the order of the rows.
    public let correct: [Bool]
    /// Times of single requests on an idle thread, in milliseconds; nil when they were not taken.
    public var latency: Latency?

    /// Medians over a sample of rows, in milliseconds, one request at a time on one thread.
    public struct Latency: Sendable, Codable {
        /// Number of requests that were timed.
        public let n: Int
        /// Until the first token, and until the whole answer.
        public let firstToken: Double
        /// Until the whole answer.
        public let total: Double
        /// The same with the prompt's constant beginning already in the key/value cache.
        public let cachedFirstToken: Double
        /// Until the whole answer, with the beginning cached.
        public let cachedTotal: Double
    }
}

/// The difference of two arms on the same rows, in points of exact match.
public struct PairedDifference: Sendable, Codable {
    /// First arm minus second arm.
    public let arms: [String]
    /// In points of exact match.
    public let difference: Double
    /// Percentile bootstrap over rows, 95 %.
    public let low: Double
    /// Upper end of the interval.
    public let high: Double

    /// Resamples the rows `samples` times with a fixed seed.
    public init(_ first: ArmResult, _ second: ArmResult, samples: Int = 2_000, seed: UInt64 = 1) {
        precondition(first.correct.count == second.correct.count && !first.correct.isEmpty)
        let differences = zip(first.correct, second.correct).map { ($0 ? 1.0 : 0) - ($1 ? 1.0 : 0) }
        let count = differences.count
        var random = TrainingRandom(seed: seed)
        var means = (0..<samples).map { _ in
            (0..<count).reduce(0.0) { sum, _ in sum + differences[Int(random.next() >> 1) % count] } / Double(count)
                * 100
        }
        means.sort()
        arms = [first.arm, second.arm]
        difference = differences.reduce(0, +) / Double(count) * 100
        low = means[Int(Double(samples) * 0.025)]
        high = means[min(samples - 1, Int(Double(samples) * 0.975))]
    }
}
