/// The backends by name.
struct BackendTable: Sendable {
    private let backends: [String: any Backend]

    /// A table; two backends of one name are refused, and so is a name that the configuration uses and nobody has.
    init(_ list: [any Backend], for configuration: GatewayConfiguration) throws(GatewayError) {
        var backends: [String: any Backend] = [:]
        for backend in list {
            guard backends.updateValue(backend, forKey: backend.name) == nil else {
                throw GatewayError(.badConfiguration, "two backends are named \"\(backend.name)\": rename one")
            }
        }
        self.backends = backends
        for task in configuration.tasks {
            try check(task.full.backend, "the full-prompt backend of task \"\(task.name)\"")
            if let tuned = task.tuned { try check(tuned.backend, "the tuned backend of task \"\(task.name)\"") }
        }
        for route in configuration.routes { try check(route.backend, "the backend of model \"\(route.name)\"") }
        for rule in configuration.rules {
            try check(rule.backend, "the backend of a routing rule")
            guard let task = rule.task, !configuration.tasks.contains(where: { $0.name == task }) else { continue }
            let known = configuration.tasks.map(\.name).joined(separator: ", ")
            throw GatewayError(
                .badConfiguration,
                "a routing rule is for the task \"\(task)\", which is not there: use one of \(known.isEmpty ? "none" : known)"
            )
        }
        if let name = configuration.defaultBackend { try check(name, "the default backend") }
    }

    subscript(name: String) -> (any Backend)? { backends[name] }

    var isEmpty: Bool { backends.isEmpty }

    private func check(_ name: String, _ role: String) throws(GatewayError) {
        guard backends[name] == nil else { return }
        let known = backends.keys.sorted().joined(separator: ", ")
        throw GatewayError(
            .badConfiguration,
            "\(role) is \"\(name)\", which is not configured: use one of \(known.isEmpty ? "none" : known)")
    }
}
