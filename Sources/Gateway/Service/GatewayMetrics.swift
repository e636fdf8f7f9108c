import Access
import Ledger
public import Telemetry

/// What a process counts of its requests, whatever becomes of its configuration.
///
/// Labels hold names of the configuration and closed sets only. A request costs a few atomic additions.
public final class GatewayMetrics: Sendable {
    /// All metrics of the process; others add theirs.
    public let page: MetricsPage
    private let input: Counter
    private let output: Counter
    private let saved: Counter
    private let fallbacks: CounterFamily
    private let retries: Counter
    private let failures: CounterFamily
    private let nearMisses: CounterFamily
    private let overhead: Histogram
    private let firstToken: Histogram
    let ledgerErrors: Counter
    private let refused: CounterFamily

    /// Adds the metrics to a page.
    public init(page: MetricsPage = MetricsPage()) {
        self.page = page
        let tokens = page.counters(
            "pi_tokens_total", "Tokens of prompts as sent, of answers, and taken out of prompts.", labels: ["kind"],
            limit: 3, known: ["input", "output", "saved"].map { Labels($0) })
        input = tokens[Labels("input")]
        output = tokens[Labels("output")]
        saved = tokens[Labels("saved")]
        fallbacks = page.counters(
            "pi_fallbacks_total", "Requests that were tried again in full, by reason.", labels: ["reason"], limit: 40)
        retries = page.counter("pi_retries_total", "Attempts that were made at the same backend again.")
        failures = page.counters(
            "pi_backend_failures_total", "Attempts without an answer, by backend and cause.",
            labels: ["backend", "cause"], limit: 400)
        nearMisses = page.counters(
            "pi_near_miss_total", "Requests that open like a task's prompt and are not one.", labels: ["task"],
            limit: 400)
        overhead = page.histogram(
            "pi_overhead_seconds", "From a request's head to the moment it is handed to its first backend.",
            bounds: [0.000_05, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 5])
        firstToken = page.histogram(
            "pi_ttft_seconds", "From a request's head to the first token of its answer.",
            bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
        refused = page.counters(
            "pi_access_refused_total", "Requests with a known key that its scopes, rates or budgets refused.",
            labels: ["reason"], limit: AccessRefusal.Code.allCases.count,
            known: AccessRefusal.Code.allCases.map { Labels($0.rawValue) })
        ledgerErrors = page.counter("pi_ledger_errors_total", "Attempts that could not be written to the ledger.")
    }

    /// A request is about to be handed to its first backend; returns the time since its arrival.
    func dispatched(_ arrival: ContinuousClock.Instant) -> Duration {
        let time = ContinuousClock.now - arrival
        overhead.observe(time)
        return time
    }

    /// A backend gave no answer.
    func failed(_ backend: String, _ error: BackendError) {
        failures.add(1, Labels(backend, error.code.rawValue))
    }

    /// A caller's request was refused.
    func refused(_ code: AccessRefusal.Code) {
        refused.add(1, Labels(code.rawValue))
    }

    /// An attempt has ended.
    func ended(_ entry: LedgerEntry) {
        let sent = entry.tokens.sent.total
        input.add(sent)
        output.add(entry.tokens.completion)
        if entry.arm == .internalized { saved.add(entry.tokens.full.total - sent) }
        if let milliseconds = entry.timeToFirstToken { firstToken.observe(nanoseconds: Int(milliseconds * 1e6)) }
        if entry.attempt > 1 {
            if entry.reason.hasPrefix("tuned_") { fallbacks.add(1, Labels(entry.reason)) } else { retries.add() }
        } else if let task = entry.task, Self.nearMissReasons.contains(entry.reason) {
            nearMisses.add(1, Labels(task))
        }
    }

    private static let nearMissReasons: Set<String> = ["drift", "ambiguous", "unknown_example", "messages", "limit"]
}
