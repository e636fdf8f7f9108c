/// How an answer is generated.
public struct GenerationOptions: Sendable, Equatable {
    /// Most tokens to generate; nil: until the model's longest sequence is full.
    public var maximumNewTokens: Int?
    /// Divides the logits; 0 takes the likeliest token every time.
    public var temperature: Float
    /// Share of probability mass that is sampled from, the likeliest tokens first; 1: all.
    public var topP: Float
    /// Seed of the sampler; equal seeds and options give equal tokens.
    public var seed: UInt64
    /// Texts that end the answer, as UTF-8. The engine knows no text: the caller applies them with `StopStrings`.
    public var stopStrings: [[UInt8]]
    /// Tokens that end the answer and are not part of it; nil: the model's own.
    public var endTokens: [Int32]?

    /// Greedy by default.
    public init(
        maximumNewTokens: Int? = nil, temperature: Float = 0, topP: Float = 1, seed: UInt64 = 0,
        stopStrings: [[UInt8]] = [], endTokens: [Int32]? = nil
    ) {
        self.maximumNewTokens = maximumNewTokens
        self.temperature = temperature
        self.topP = topP
        self.seed = seed
        self.stopStrings = stopStrings
        self.endTokens = endTokens
    }
}

/// Why a generation ended.
public enum FinishReason: String, Sendable {
    /// The model gave an end token.
    case stop
    /// The token limit or the model's longest sequence was reached.
    case length
    /// The consumer left.
    case cancelled
}
