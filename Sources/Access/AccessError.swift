/// Why a key could not be made, found, stored or read; the message says what to do and never holds a key's secret.
public struct AccessError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of causes that callers branch on.
    public enum Code: String, Sendable, Equatable, CaseIterable {
        /// The name, a pattern or a limit breaks a rule.
        case invalid
        /// Another key has the name, or had it before it was revoked.
        case nameTaken
        /// There is no such key.
        case unknownKey
        /// The key was revoked, which cannot be undone.
        case revoked
        /// The file is missing or may not be written.
        case cannotOpen
        /// The file is something else than a key store, or one of a newer version.
        case notAKeyStore
        /// SQLite refused for another reason.
        case store
    }

    /// The cause.
    public let code: Code
    /// What was wrong, where, and what to do.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// No key has the name or id.
    static let unknownKey = AccessError(
        .unknownKey, "there is no such key: `promptintern keys list` shows their names")

    /// The message.
    public var description: String { message }
}
