import Backends
import Configuration
import Engine
import Ledger
import Server
import Telemetry

/// What waits, read when somebody asks.
enum QueueMetrics {
    static func add(to page: MetricsPage, reloader: Reloader, ledger: LedgerStore) {
        page.readings(
            "pi_queue_depth", "What waits: rows for the ledger, requests for an engine.", labels: ["queue"], limit: 60
        ) {
            let engines = reloader.parts.engines.map { Reading($0.service.load.waiting, Labels($0.setting.name)) }
            return [Reading(ledger.health.queueDepth, Labels("ledger"))] + engines
        }
        page.readings(
            "pi_engine_running", "Requests that an engine is answering.", labels: ["engine"], limit: 60
        ) {
            reloader.parts.engines.map { Reading($0.service.load.running, Labels($0.setting.name)) }
        }
        page.readings(
            "pi_breaker_open", "Whether an endpoint of an upstream or server is resting after failures: 1 or 0.",
            labels: ["upstream", "endpoint"], limit: 200
        ) {
            reloader.parts.endpoints.map { Reading($0.isResting ? 1 : 0, Labels($0.backend, $0.origin)) }
        }
        page.readings("pi_ledger_rows_total", "Rows recorded in the ledger.", .counter) {
            [Reading(ledger.health.recorded)]
        }
    }

    static func add(to page: MetricsPage, load: ServerLoad) {
        page.readings("pi_requests_in_progress", "Requests of clients that are being answered.") {
            [Reading(load.requests)]
        }
        page.readings("pi_requests_waiting", "Requests of clients that wait to be let in.") { [Reading(load.waiting)] }
        page.readings("pi_request_body_bytes", "What the bodies of clients' requests hold in memory.") {
            [Reading(load.bodyBytes)]
        }
        page.readings("pi_connections", "Connections of clients that are open.") { [Reading(load.connections)] }
    }
}
