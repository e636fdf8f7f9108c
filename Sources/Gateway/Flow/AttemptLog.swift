import Ledger
import Synchronization

/// Writes attempts to the ledger; a ledger that fails does not keep a client from its answer, but is counted.
final class AttemptLog: Sendable {
    let prices: PriceTable
    private let ledger: LedgerStore
    private let failures = Atomic(0)
    private let hasClosed = Atomic(false)
    private let onEvent: @Sendable (GatewayEvent) -> Void

    init(ledger: LedgerStore, prices: PriceTable, onEvent: @escaping @Sendable (GatewayEvent) -> Void) {
        self.ledger = ledger
        self.prices = prices
        self.onEvent = onEvent
    }

    /// Whether the ledger has been closed under us, which its own health does not tell.
    var isClosed: Bool { hasClosed.load(ordering: .relaxed) }

    /// How many rows could not be written.
    var failureCount: Int { failures.load(ordering: .relaxed) }

    /// Returns when the row is committed, or has failed.
    func record(_ attempt: Attempt, _ ending: AttemptEnding) async {
        do throws(LedgerError) {
            try await ledger.record(attempt.entry(ending, prices: prices))
        } catch {
            failures.wrappingAdd(1, ordering: .relaxed)
            if error.code == .closed { hasClosed.store(true, ordering: .relaxed) }
            onEvent(.ledgerFailed(requestID: attempt.requestID, error: error))
        }
    }
}
