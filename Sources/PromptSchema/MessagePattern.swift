/// A place for variable text.
public struct Slot: Sendable, Hashable {
    /// The name that `PromptParts` and reports use.
    public var name: String
    /// The largest number of bytes the text may have, or `nil` for no limit.
    public var maximumBytes: Int?

    /// A slot with the given name and limit.
    public init(_ name: String, maximumBytes: Int? = nil) {
        self.name = name
        self.maximumBytes = maximumBytes
    }
}

/// One piece of a message pattern.
public enum Part: Sendable, Hashable {
    /// Fixed text, compared byte by byte. Removed when stripped, unless `keep` (a guardrail) is set.
    case template([UInt8], keep: Bool)
    /// Zero or more worked examples.
    case examples(ExampleBlock)
    /// Variable text that stays, such as a retrieved document.
    case context(Slot)
    /// The variable text that is the request; it stays byte for byte.
    case query(Slot)

    /// A literal with the UTF-8 of `text`.
    public static func template(_ text: String, keep: Bool = false) -> Part {
        .template(Array(text.utf8), keep: keep)
    }

    /// The query slot under its usual name.
    public static func query(maximumBytes: Int? = nil) -> Part {
        .query(Slot("query", maximumBytes: maximumBytes))
    }
}

/// What one message must look like: a role, and parts that together make up its whole text.
public struct MessagePattern: Sendable, Hashable {
    /// Who must speak.
    public var role: Role
    /// The pieces of the text, in order.
    public var parts: [Part]

    /// A pattern with the given parts.
    public init(role: Role, parts: [Part]) {
        self.role = role
        self.parts = parts
    }
}
