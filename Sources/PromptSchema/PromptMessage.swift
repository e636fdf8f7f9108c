/// Who speaks in a chat message.
public enum Role: String, Sendable, Hashable, CaseIterable {
    case system, developer, user, assistant, tool
}

/// One chat message: who speaks, and the unescaped UTF-8 of what is said.
///
/// Text is bytes and never `String`: two strings can be equal although their bytes differ.
public struct PromptMessage: Sendable, Hashable {
    /// Who speaks.
    public var role: Role
    /// The message's text as UTF-8, after JSON unescaping.
    public var text: [UInt8]

    /// A message with the given bytes.
    public init(role: Role, text: [UInt8]) {
        self.role = role
        self.text = text
    }

    /// A message with the UTF-8 of `text`.
    public init(role: Role, text: String) {
        self.init(role: role, text: Array(text.utf8))
    }
}
