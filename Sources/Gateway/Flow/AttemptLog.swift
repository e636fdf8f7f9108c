import Ledger
import Synchronization

/// Writes attempts to the ledger; a ledger that fails does not keep a client from its answer, but is counted.
final class AttemptLog: Sendable {
    let prices: PriceTable
    private let ledger: LedgerStore
    private let tally: Tally
    private let onEvent: @Sendable (GatewayEvent) -> Void

    /// What one process counts, whatever becomes of its configuration.
    private final class Tally: Sendable {
        let failures = Atomic(0)
        let hasClosed = Atomic(false)
    }

    init(ledger: LedgerStore, prices: PriceTable, onEvent: @escaping @Sendable (GatewayEvent) -> Void) {
        self.ledger = ledger
        self.prices = prices
        self.onEvent = onEvent
        tally = Tally()
    }

    /// A log into the same ledger with the same counts, at other prices.
    init(_ former: AttemptLog, prices: PriceTable) {
        self.prices = prices
        ledger = former.ledger
        onEvent = former.onEvent
        tally = former.tally
    }

    /// Whether the ledger has been closed under us, which its own health does not tell.
    var isClosed: Bool { tally.hasClosed.load(ordering: .relaxed) }

    /// How many rows could not be written.
    var failureCount: Int { tally.failures.load(ordering: .relaxed) }

    /// Returns when the row is committed, or has failed.
    func record(_ attempt: Attempt, _ ending: AttemptEnding) async {
        do throws(LedgerError) {
            try await ledger.record(attempt.entry(ending, prices: prices))
        } catch {
            tally.failures.wrappingAdd(1, ordering: .relaxed)
            if error.code == .closed { tally.hasClosed.store(true, ordering: .relaxed) }
            onEvent(.ledgerFailed(requestID: attempt.requestID, error: error))
        }
    }
}
