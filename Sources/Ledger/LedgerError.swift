/// Why the ledger could not be opened, written or read; the message says where and what to do.
public struct LedgerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of causes that callers branch on.
    public enum Code: String, Sendable, Equatable, CaseIterable {
        /// The folder or the file is missing, or may not be written.
        case cannotOpen
        /// The file is something else than a ledger.
        case notALedger
        /// Another process writes this ledger.
        case locked
        /// A newer version of the program has written the file.
        case newerSchema
        /// The disk or the quota is full.
        case diskFull
        /// The file is damaged, or the disk reports errors.
        case damaged
        /// Another connection held the file for longer than the wait limit.
        case busy
        /// A row with this request id and attempt number is already there.
        case duplicate
        /// The entry breaks a rule.
        case invalidEntry
        /// The store has been closed.
        case closed
        /// A filter of the savings report is not understood.
        case badFilter
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

    /// The message.
    public var description: String { message }
}
