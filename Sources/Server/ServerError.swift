/// Why a listener could not start; the message says what to do.
public struct ServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of causes that callers branch on.
    public enum Code: String, Sendable, Equatable, CaseIterable {
        /// Somebody else listens on the address.
        case addressInUse
        /// The system refuses the address.
        case cannotListen
        /// The address is open to others, and nothing asks them for a key.
        case unprotected
        /// The certificate, or what belongs to it, cannot be used.
        case tls
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

    /// The message.
    public var description: String { message }
}
