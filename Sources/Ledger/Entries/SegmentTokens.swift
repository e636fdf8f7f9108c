/// The kinds of text a prompt's tokens are counted by; the raw value is the name in tables and JSON.
public enum SegmentKind: String, Sendable, Equatable, CaseIterable {
    /// The task's fixed text.
    case template
    /// Worked examples.
    case examples
    /// Variable text that stays: retrieved documents, a user profile.
    case context
    /// The request itself.
    case query
    /// Everything else: the chat template's own tokens, tools, and prompts that were not taken apart.
    case other
}

/// A prompt's tokens by segment kind.
public struct SegmentTokens: Sendable, Equatable {
    /// Tokens of the task's fixed text.
    public var template: Int
    /// Tokens of worked examples.
    public var examples: Int
    /// Tokens of variable text that stays.
    public var context: Int
    /// Tokens of the request itself.
    public var query: Int
    /// All other tokens.
    public var other: Int

    /// Makes the counts.
    public init(template: Int = 0, examples: Int = 0, context: Int = 0, query: Int = 0, other: Int = 0) {
        self.template = template
        self.examples = examples
        self.context = context
        self.query = query
        self.other = other
    }

    /// No tokens.
    public static let zero = SegmentTokens()

    /// The sum over the kinds.
    public var total: Int { template + examples + context + query + other }

    /// The count of one kind.
    public subscript(kind: SegmentKind) -> Int {
        get {
            switch kind {
            case .template: template
            case .examples: examples
            case .context: context
            case .query: query
            case .other: other
            }
        }
        set {
            switch kind {
            case .template: template = newValue
            case .examples: examples = newValue
            case .context: context = newValue
            case .query: query = newValue
            case .other: other = newValue
            }
        }
    }
}
