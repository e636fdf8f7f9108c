/// What the gateway refuses at its start or on its admin listener; the message says what to do.
public struct GatewayError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of causes that callers branch on.
    public enum Code: String, Sendable, Equatable, CaseIterable {
        /// A manifest file cannot be read or written, or is not understood.
        case badManifest
        /// The configuration contradicts itself, such as a task that names a backend which is not there.
        case badConfiguration
        /// There is no task of this name.
        case unknownTask
        /// A change is in force and could not be written to the ledger, so a restart forgets it.
        case notPersisted
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
