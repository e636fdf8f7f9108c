import Access
import ChatAPI
import Gateway

extension RouteTable {
    /// The main listener's routes. Everything under `/v1/` asks for a client key, if there are any.
    static func main(_ gateway: LiveGateway, health: HealthReport) -> RouteTable {
        RouteTable(
            [
                Route("POST", "/v1/chat/completions") { request, _ in await gateway.current.chat(request) },
                Route("GET", "/v1/models") { request, _ in await gateway.current.models(request) },
                Route("GET", "/v1/models/{+id}") { request, parameters in
                    await gateway.current.model(parameters["id"] ?? "", request)
                },
                savings(gateway),
            ] + health.routes + [
                Route("*", "/v1/*") { request, _ in await gateway.current.forward(request) }
            ])
    }

    /// The admin listener's routes. It asks for no key, so it listens on this machine only, and refuses what has an
    /// `Origin` field, as every change by a web page has.
    static func admin(
        _ gateway: LiveGateway, health: HealthReport, actions: AdminActions = AdminActions(), keys: KeyRing? = nil
    ) -> RouteTable {
        let admin = AdminRoutes(live: gateway, actions: actions)
        var more: [Route] = []
        if actions.metrics != nil {
            more.append(
                Route("GET", "/metrics", access: .open, isHealthCheck: true) { request, _ in admin.metrics(request) })
        }
        if actions.reload != nil {
            more.append(Route("POST", "/admin/reload", access: .open) { request, _ in await admin.reload(request) })
        }
        if let engines = actions.engines { more += EngineRoutes(actions: engines).routes }
        return RouteTable(
            [
                Route("GET", "/admin/tasks", access: .open) { request, _ in admin.tasks(request) },
                Route("GET", "/admin/changes", access: .open) { request, _ in await admin.changes(request) },
                Route("PUT", "/admin/tasks/{task}/mode", access: .open) { request, parameters in
                    await admin.setMode(request, task: parameters["task"] ?? "")
                },
                Route("PUT", "/admin/kill-switch", access: .open) { request, _ in
                    await admin.setKillSwitch(request)
                },
                savings(gateway, access: .open),
            ] + more + (keys.map { KeyRoutes(ring: $0).routes } ?? []) + health.routes,
            refusesPages: true)
    }

    private static func savings(_ gateway: LiveGateway, access: Access = .key) -> Route {
        let savings = SavingsRoute(live: gateway)
        return Route("GET", "/v1/savings", access: access) { request, _ in await savings.answer(request) }
    }
}
