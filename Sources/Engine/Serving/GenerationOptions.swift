/// How an answer is generated.
public struct GenerationOptions: Sendable {
    /// Most beams: each costs a row of every step and the memory of an answer.
    public static let maximumBeams = 16

    /// Most tokens to generate; nil: until the model's longest sequence is full.
    public var maximumNewTokens: Int?
    /// Divides the logits; 0 takes the likeliest token every time.
    public var temperature: Float
    /// Only this many of the likeliest tokens are sampled from, ties with the last included; 0: all.
    public var topK = 0
    /// Share of probability mass that is sampled from, the likeliest tokens first; 1: all.
    public var topP: Float
    /// Tokens less likely than this share of the likeliest one's probability are not sampled; 0: none is left out.
    public var minP: Float = 0
    /// Divides the positive logits of every token of prompt and answer, multiplies the negative ones; 1: no change.
    public var repetitionPenalty: Float = 1
    /// Taken from the logit of every token that the answer already has.
    public var presencePenalty: Float = 0
    /// Taken from a token's logit once for each time that the answer already has it.
    public var frequencyPenalty: Float = 0
    /// Added to the logits of these tokens.
    public var logitBias: [Int32: Float] = [:]
    /// Beginnings that are kept side by side in search of the likeliest whole answer, which is told when it is there;
    /// 1: the likeliest token at every place. More than 1 need temperature 0.
    public var beams = 1
    /// Seed of the sampler; equal seeds and options give equal tokens.
    public var seed: UInt64
    /// What the answer must be; nil: anything.
    public var constraint: (any TokenConstraint)?
    /// Alternatives told with each token, the likeliest first; 0: the token's own log probability; nil: neither.
    public var topLogprobs: Int?
    /// Whether the prompt's own tokens are told with their log probabilities; then no new token need be asked for.
    public var describesPrompt = false
    /// Whose request it is: what the prefix cache keeps of its prompt is found by the same tenant only.
    public var tenant: String?
    /// Leading prompt tokens whose keys and values every tenant may find, because they are the operator's own text.
    public var sharedPrefix = 0
    /// Whether the prefix cache is used for this prompt, and keeps it.
    public var keepsPrefix = true
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
