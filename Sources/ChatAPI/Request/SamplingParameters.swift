/// The parameters of the answer that a text backend honours itself; nil means absent or `null`.
public struct SamplingParameters: Hashable, Sendable {
    /// `temperature`, from 0 to 2.
    public var temperature: Double?
    /// `top_p`, from 0 to 1.
    public var topP: Double?
    /// `top_k`, at least 0, or -1 for all.
    public var topK: Int?
    /// `min_p`, from 0 to 1.
    public var minP: Double?
    /// `repetition_penalty`, above 0 and at most 10.
    public var repetitionPenalty: Double?
    /// `presence_penalty`, from -2 to 2.
    public var presencePenalty: Double?
    /// `frequency_penalty`, from -2 to 2.
    public var frequencyPenalty: Double?
    /// `logit_bias`: token ids with biases from -100 to 100, in the order of the request.
    public var logitBias: [LogitBias] = []
    /// `max_completion_tokens`, else `max_tokens`; at least 1, or 0 for a completion that only echoes.
    public var maxTokens: Int?
    /// `stop` as a list; none is empty.
    public var stop: [String] = []
    /// `seed`.
    public var seed: Int?
    /// `n`, from 1 to 128.
    public var choices: Int?
    /// Alternatives told with each token, from 0 to 20; nil: no log probabilities are asked for.
    public var logprobs: Int?
    /// `response_format`; nil: text.
    public var format: ResponseFormat?
    /// `ignore_eos`: the model's end tokens do not end the answer.
    public var ignoresEnd: Bool?

    /// One entry of `logit_bias`.
    public struct LogitBias: Hashable, Sendable {
        /// The token's id.
        public let token: Int32
        /// What is added to its logit.
        public let bias: Double
    }

    /// All parameters absent.
    public init() {}
}

/// What an answer must be, by `response_format`.
public enum ResponseFormat: Hashable, Sendable {
    /// Any JSON object.
    case jsonObject
    /// The JSON text of a schema that the answer must meet.
    case jsonSchema([UInt8])
}
