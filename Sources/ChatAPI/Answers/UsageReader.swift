/// What one answer object, or one chunk of a stream, says about itself; whatever is absent or odd reads as absent.
///
/// Chat completions, text completions, embeddings and Responses objects and events are understood.
public struct UsageReader: Hashable, Sendable {
    /// `usage`; nil if absent or `null`.
    public private(set) var usage: Usage?
    /// The first `finish_reason` that is a name; nil if absent, `null` or empty.
    public private(set) var finishReason: String?
    /// True if a choice carries text, reasoning, a refusal or a tool call.
    public private(set) var hasContent = false
    /// True if there is an `error` that is neither null, false nor empty.
    public private(set) var hasError = false
    /// True for a chunk that tells nothing but usage: `choices: []` with a usage object.
    public var isUsageOnly: Bool { usage != nil && hasEmptyChoices }

    private var hasEmptyChoices = false

    /// Reads JSON text; what is not JSON says nothing.
    public init(_ bytes: ArraySlice<UInt8>) {
        let text = bytes.span
        guard let tree = JSONTree(text) else { return }
        for key in tree.keys(of: 0) { read(tree, key, text) }
    }

    /// Reads JSON text; what is not JSON says nothing.
    public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    private mutating func read(_ tree: JSONTree, _ key: Int, _ text: Span<UInt8>) {
        let value = key + 1
        if tree.string(key, in: text, is: "choices") {
            hasEmptyChoices = tree.isEmptyArray(value)
            for choice in tree.elements(of: value) {
                for key in tree.keys(of: choice) { readChoice(tree, key, text) }
            }
        } else if tree.string(key, in: text, is: "usage") {
            usage = Usage(tree, value, in: text)
        } else if tree.string(key, in: text, is: "error") {
            hasError = tree.isFilled(value)
        } else if tree.string(key, in: text, is: "delta") {
            hasContent = hasContent || tree.isFilled(value)
        } else if tree.string(key, in: text, is: "response") {
            for key in tree.keys(of: value) { readResponse(tree, key, text) }
        }
    }

    private mutating func readChoice(_ tree: JSONTree, _ key: Int, _ text: Span<UInt8>) {
        let value = key + 1
        if tree.string(key, in: text, is: "delta") || tree.string(key, in: text, is: "message") {
            for key in tree.keys(of: value) where tree.isFilled(key + 1) {
                hasContent = hasContent || !tree.string(key, in: text, is: "role")
            }
        } else if tree.string(key, in: text, is: "text") {
            hasContent = hasContent || tree.isFilled(value)
        } else if finishReason == nil, tree.string(key, in: text, is: "finish_reason") {
            finishReason = tree.name(value, in: text)
        }
    }

    private mutating func readResponse(_ tree: JSONTree, _ key: Int, _ text: Span<UInt8>) {
        if tree.string(key, in: text, is: "usage") {
            usage = usage ?? Usage(tree, key + 1, in: text)
        } else if tree.string(key, in: text, is: "error") {
            hasError = hasError || tree.isFilled(key + 1)
        }
    }
}
