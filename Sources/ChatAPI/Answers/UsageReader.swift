/// What one answer object, or one chunk of a stream, says about itself; whatever is absent or odd reads as absent.
///
/// Chat completions, text completions, embeddings and Responses objects and events are understood.
public struct UsageReader: Hashable, Sendable {
    /// `usage`; nil if absent or `null`.
    public let usage: Usage?
    /// The first `finish_reason` that is a name; nil if absent, `null` or empty.
    public let finishReason: String?
    /// True if a choice carries text, reasoning, a refusal or a tool call.
    public let hasContent: Bool
    /// True if there is an `error` that is neither null, false nor empty.
    public let hasError: Bool
    /// True for a chunk that tells nothing but usage: `choices: []` with a usage object.
    public let isUsageOnly: Bool

    /// Reads JSON text; what is not JSON says nothing.
    public init(_ bytes: [UInt8]) {
        guard let document = try? JSONDocument(bytes) else {
            self.init(usage: nil, finishReason: nil, hasContent: false, hasError: false, isUsageOnly: false)
            return
        }
        self.init(document.root)
    }

    /// Reads an answer object or chunk.
    public init(_ root: JSONValue) {
        var usage: Usage?
        var finishReason: String?
        var hasContent = false
        var hasError = false
        var choiceCount: Int?
        for (key, value) in root.members {
            if key == "usage" {
                usage = Usage(value)
            } else if key == "choices" {
                choiceCount = 0
                for choice in value.elements {
                    choiceCount = choiceCount.map { $0 + 1 }
                    finishReason = finishReason ?? Self.finishReason(choice)
                    hasContent = hasContent || Self.hasContent(choice)
                }
            } else if key == "error" {
                hasError = Self.isError(value)
            } else if key == "response" {
                usage = usage ?? value["usage"].flatMap(Usage.init)
                hasError = hasError || value["error"].map(Self.isError) ?? false
            } else if key == "delta" {
                hasContent = hasContent || Self.isFilled(value)
            }
        }
        self.init(
            usage: usage, finishReason: finishReason, hasContent: hasContent, hasError: hasError,
            isUsageOnly: usage != nil && choiceCount == 0)
    }

    private init(usage: Usage?, finishReason: String?, hasContent: Bool, hasError: Bool, isUsageOnly: Bool) {
        self.usage = usage
        self.finishReason = finishReason
        self.hasContent = hasContent
        self.hasError = hasError
        self.isUsageOnly = isUsageOnly
    }

    private static func finishReason(_ choice: JSONValue) -> String? {
        guard let reason = choice["finish_reason"]?.string?.text, !reason.isEmpty else { return nil }
        return reason
    }

    private static func hasContent(_ choice: JSONValue) -> Bool {
        for (key, value) in choice.members {
            if key == "text", isFilled(value) { return true }
            if key == "delta" || key == "message" {
                for (key, value) in value.members where !(key == "role") && isFilled(value) { return true }
            }
        }
        return false
    }

    /// True for anything but null, false, and empty strings, arrays and objects.
    private static func isFilled(_ value: JSONValue) -> Bool {
        switch value.kind {
        case .null: false
        case .boolean: value.bool == true
        case .number: true
        case .string, .array, .object: value.range.count > 2
        }
    }

    private static func isError(_ value: JSONValue) -> Bool { isFilled(value) }
}
