/// One whole answer of a request, or one of its `n`.
public struct AnswerChoice: Hashable, Sendable {
    /// The text.
    public var text = ""
    /// Why it ended.
    public var finishReason = FinishReason.stop
    /// Its tokens; nil unless log probabilities were asked for.
    public var logprobs: [TokenLogprob]?
    /// The tools that the model calls.
    public var toolCalls: [ToolCall] = []

    /// An answer.
    public init(text: String = "", finishReason: FinishReason = .stop, logprobs: [TokenLogprob]? = nil) {
        self.text = text
        self.finishReason = finishReason
        self.logprobs = logprobs
    }
}
