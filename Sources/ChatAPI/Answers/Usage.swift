/// The token counts of one answer.
public struct Usage: Hashable, Sendable {
    /// Tokens of the prompt.
    public let promptTokens: Int
    /// Tokens of the answer.
    public let completionTokens: Int
    /// Both together.
    public let totalTokens: Int
    /// Prompt tokens that the server read from its cache; nil if it did not say.
    public let cachedTokens: Int?
    /// Answer tokens that were spent on reasoning; nil if the server did not say.
    public let reasoningTokens: Int?

    /// Counts; the total is the sum unless it is given.
    public init(
        promptTokens: Int, completionTokens: Int, totalTokens: Int? = nil, cachedTokens: Int? = nil,
        reasoningTokens: Int? = nil
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.totalTokens = totalTokens ?? promptTokens.addingReportingOverflow(completionTokens).partialValue
        self.cachedTokens = cachedTokens
        self.reasoningTokens = reasoningTokens
    }

    /// Reads a usage object; nil if it is none.
    public init?(_ value: JSONValue) {
        let text = Array(value.rawBytes)
        guard let tree = JSONTree(text.span) else { return nil }
        self.init(tree, 0, in: text.span)
    }

    /// Reads a usage object, in the names of chat completions or of the Responses API; nil if it has no prompt count
    /// or a count that cannot be.
    init?(_ tree: JSONTree, _ record: Int, in text: Span<UInt8>) {
        guard let prompt = tree.int("prompt_tokens", or: "input_tokens", of: record, in: text), prompt >= 0 else {
            return nil
        }
        let answer = tree.int("completion_tokens", or: "output_tokens", of: record, in: text) ?? 0
        let total = tree.int("total_tokens", of: record, in: text)
        guard answer >= 0, total ?? prompt &+ answer >= 0 else { return nil }
        let inputs = tree.member("prompt_tokens_details", or: "input_tokens_details", of: record, in: text)
        let outputs = tree.member("completion_tokens_details", or: "output_tokens_details", of: record, in: text)
        self.init(
            promptTokens: prompt, completionTokens: answer, totalTokens: total,
            cachedTokens: tree.int("cached_tokens", of: inputs, in: text),
            reasoningTokens: tree.int("reasoning_tokens", of: outputs, in: text))
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("prompt_tokens", promptTokens)
            json.member("completion_tokens", completionTokens)
            json.member("total_tokens", totalTokens)
            json.object("prompt_tokens_details") { $0.member("cached_tokens", cachedTokens ?? 0) }
            json.object("completion_tokens_details") { $0.member("reasoning_tokens", reasoningTokens ?? 0) }
        }
    }
}
