/// How the ledger's writing goes: for readiness and metrics.
public struct LedgerHealth: Sendable, Equatable {
    /// Rows acknowledged since the start: they are in the journal or in the tables.
    public internal(set) var recorded = 0
    /// Rows of these that are in the tables.
    public internal(set) var committed = 0
    /// Transactions that brought them there.
    public internal(set) var transactions = 0
    /// Rows that could not be recorded since the start.
    public internal(set) var failures = 0
    /// Recorded rows whose request and attempt were in the ledger already; they were left out.
    public internal(set) var duplicates = 0
    /// The last transaction's failure, nil once one succeeded again.
    public internal(set) var currentFailure: LedgerError?
    /// Callers that wait for room in the journal.
    public internal(set) var waitingForRoom = 0

    /// Recorded rows that the journal holds and the tables do not yet.
    public var queueDepth: Int { recorded - committed - duplicates }

    /// Whether the last transaction succeeded.
    public var isWritable: Bool { currentFailure == nil }

    /// Makes the health of a ledger that has not written yet.
    public init() {}

    mutating func note(rows: Int, refused: Int) {
        committed += rows - refused
        duplicates += refused
        transactions += 1
        currentFailure = nil
    }
}
