/// An example to render: a row of the bank, or one of the caller's own.
public enum PromptExample: Sendable, Hashable {
    /// The row with this index in the schema's bank.
    case bank(Int)
    /// An example that the bank does not hold; only schemas whose policy is not `fullPrompt` recognize it.
    case custom(Example)
}

/// What varies between two prompts of one task.
public struct PromptParts: Sendable, Hashable {
    /// The worked examples, in the order of the prompt.
    public var examples: [PromptExample]
    /// The text of each context slot, by name.
    public var contexts: [String: [UInt8]]
    /// The request itself, as UTF-8.
    public var query: [UInt8]

    /// Parts with the given query.
    public init(query: [UInt8], examples: [PromptExample] = [], contexts: [String: [UInt8]] = [:]) {
        self.examples = examples
        self.contexts = contexts
        self.query = query
    }

    /// Parts whose query is the UTF-8 of `query`.
    public init(query: String, examples: [PromptExample] = [], contexts: [String: [UInt8]] = [:]) {
        self.init(query: Array(query.utf8), examples: examples, contexts: contexts)
    }
}
