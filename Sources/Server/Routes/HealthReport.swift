import ChatAPI
import Gateway
import Synchronization

/// Whether the process lives, and whether it can serve; asking costs nothing and calls no model.
final class HealthReport: Sendable {
    private let gateway: LiveGateway
    private let isStopping = Mutex(false)

    init(gateway: LiveGateway) {
        self.gateway = gateway
    }

    /// From now on the service is not ready: it finishes what it has begun.
    func stop() { isStopping.withLock { $0 = true } }

    var routes: [RouteTable.Route] {
        // The second name of each is the one that LiteLLM gives it.
        ["/health/live", "/health/liveliness"].map { path in
            RouteTable.Route("GET", path, access: .open, isHealthCheck: true) { request, _ in
                ClientReply(json: Array(#"{"live":true}"#.utf8), requestID: request.id)
            }
        }
            + ["/health/ready", "/health/readiness"].map { path in
                RouteTable.Route("GET", path, access: .open, isHealthCheck: true) { request, _ in self.ready(request) }
            }
    }

    /// 200, or 503 with the reasons.
    private func ready(_ request: Received) -> ClientReply {
        let health = gateway.current.health
        var problems = health.problems
        if isStopping.withLock({ $0 }) { problems.append("the gateway is stopping") }
        var json = JSONWriter()
        json.object { json in
            json.member("ready", problems.isEmpty)
            json.array("problems") { json in for problem in problems { json.string(problem) } }
            json.member("ledger_errors", health.ledgerErrors)
        }
        return ClientReply(status: problems.isEmpty ? 200 : 503, json: json.bytes, requestID: request.id)
    }
}
