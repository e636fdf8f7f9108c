/// How the ledger's writing goes: for readiness and metrics.
public struct LedgerHealth: Sendable, Equatable {
    /// Rows written since the start.
    public internal(set) var committed = 0
    /// Transactions that wrote them.
    public internal(set) var transactions = 0
    /// Rows that could not be written since the start.
    public internal(set) var failures = 0
    /// The last transaction's failure, nil once one succeeded again.
    public internal(set) var currentFailure: LedgerError?
    /// Entries in the queue.
    public internal(set) var queueDepth = 0
    /// Callers that wait for room in the queue.
    public internal(set) var waitingForRoom = 0

    /// Whether the last transaction succeeded.
    public var isWritable: Bool { currentFailure == nil }

    /// Makes the health of a ledger that has not written yet.
    public init() {}

    mutating func note(_ results: [Result<Void, LedgerError>]) {
        var failure: LedgerError?
        var written = 0
        for result in results {
            switch result {
            case .success: written += 1
            case .failure(let error):
                failures += 1
                // A refused row says nothing about the file.
                if error.code != .duplicate { failure = error }
            }
        }
        committed += written
        transactions += written > 0 ? 1 : 0
        currentFailure = failure
    }
}
