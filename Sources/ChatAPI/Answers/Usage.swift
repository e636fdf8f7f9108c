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

    /// Reads a usage object, in the names of chat completions or of the Responses API; nil if it has no prompt count
    /// or a count that cannot be.
    public init?(_ value: JSONValue) {
        guard value.kind == .object,
            let prompt = (value["prompt_tokens"] ?? value["input_tokens"])?.int, prompt >= 0,
            case let answer = (value["completion_tokens"] ?? value["output_tokens"])?.int ?? 0, answer >= 0,
            case let total = value["total_tokens"]?.int ?? prompt.addingReportingOverflow(answer).partialValue,
            total >= 0
        else { return nil }
        let promptDetails = value["prompt_tokens_details"] ?? value["input_tokens_details"]
        let answerDetails = value["completion_tokens_details"] ?? value["output_tokens_details"]
        self.init(
            promptTokens: prompt, completionTokens: answer, totalTokens: total,
            cachedTokens: promptDetails?["cached_tokens"]?.int,
            reasoningTokens: answerDetails?["reasoning_tokens"]?.int)
    }

    /// Reads the JSON text of a usage object.
    init?(_ bytes: [UInt8]) {
        guard let document = try? JSONDocument(bytes) else { return nil }
        self.init(document.root)
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
