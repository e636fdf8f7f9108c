/// Where a request goes that is sent in full: the first rule that applies, the task's own backend, the route of the
/// model's name, the default backend.
struct ModelRouting: Sendable {
    /// A backend, and the model to ask there if it is not the client's.
    struct Target: Sendable, Equatable {
        var backend: String
        var model: String?
    }

    private let names: [String: GatewayConfiguration.ModelRoute]
    private let rules: [RoutingRule]
    private let standard: String?

    init(_ configuration: GatewayConfiguration) {
        names = Dictionary(configuration.routes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        rules = configuration.rules
        standard = configuration.defaultBackend
    }

    func target(model: String, task: GatewayTask?, tokens: Int) -> Target? {
        for rule in rules where rule.applies(model: model, task: task?.name, tokens: tokens) {
            return Target(backend: rule.backend, model: rule.target)
        }
        if let full = task?.full { return Target(backend: full.backend, model: full.model) }
        if !names.isEmpty, let route = names[model] { return Target(backend: route.backend, model: route.model) }
        return standard.map { Target(backend: $0) }
    }
}
