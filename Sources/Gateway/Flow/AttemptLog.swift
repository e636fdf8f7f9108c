import Access
import Ledger
import Synchronization
import Telemetry

/// Writes attempts to the ledger; a ledger that fails does not keep a client from its answer, but is counted.
final class AttemptLog: Sendable {
    let prices: PriceTable
    private let ledger: LedgerStore
    /// What the process counts, whatever becomes of its configuration.
    let metrics: GatewayMetrics
    private let closing: Closing
    private let onEvent: @Sendable (GatewayEvent) -> Void

    private final class Closing: Sendable {
        let isDone = Atomic(false)
    }

    init(
        ledger: LedgerStore, prices: PriceTable, metrics: GatewayMetrics,
        onEvent: @escaping @Sendable (GatewayEvent) -> Void
    ) {
        self.ledger = ledger
        self.prices = prices
        self.onEvent = onEvent
        self.metrics = metrics
        closing = Closing()
    }

    /// A log into the same ledger with the same counts, at other prices.
    init(_ former: AttemptLog, prices: PriceTable) {
        self.prices = prices
        ledger = former.ledger
        onEvent = former.onEvent
        metrics = former.metrics
        closing = former.closing
    }

    /// Whether the ledger has been closed under us, which its own health does not tell.
    var isClosed: Bool { closing.isDone.load(ordering: .relaxed) }

    /// Whether rows reach the ledger.
    var isWritable: Bool { ledger.isWritable }

    /// How many rows could not be written.
    var failureCount: Int { metrics.ledgerErrors.value }

    /// Returns when the row is committed, or has failed.
    func record(_ attempt: Attempt, _ ending: AttemptEnding) async {
        let entry = attempt.entry(ending, prices: prices)
        metrics.ended(entry)
        if let reservation = attempt.reservation {
            reservation.charge(
                tokens: entry.tokens.sent.total + entry.tokens.completion, cost: entry.money?.paid ?? 0)
            if ending.isFinal { reservation.settle() }
        }
        do throws(LedgerError) {
            try await ledger.record(entry)
        } catch {
            metrics.ledgerErrors.add()
            if error.code == .closed { closing.isDone.store(true, ordering: .relaxed) }
            onEvent(.ledgerFailed(requestID: attempt.requestID, error: error))
        }
    }
}
