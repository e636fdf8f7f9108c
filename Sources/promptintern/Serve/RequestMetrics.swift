import Server
import Telemetry

/// Counts requests by route, arm and status, at the end of each.
struct RequestMetrics: Sendable {
    private let requests: CounterFamily
    private let durations: Histogram

    init(page: MetricsPage) {
        requests = page.counters(
            "pi_requests_total", "Requests that ended, by route, arm and status; status 0: the client left before.",
            labels: ["route", "arm", "status"], limit: 800)
        durations = page.histogram(
            "pi_request_seconds", "From a request's head to the last byte of its answer.",
            bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300])
    }

    func write(_ record: RequestRecord) {
        let status = String(record.status)
        requests.add(1, Labels(record.route ?? "none", record.decision.arm ?? "none", status))
        if !record.isHealthCheck { durations.observe(record.total) }
    }
}
