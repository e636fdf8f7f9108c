import Backends
import ChatAPI
import Configuration
import Engine
import Gateway
import Ledger
import Server
import Transport

/// Everything a gateway is made of, chosen and opened: the one place where settings become concrete types.
///
/// A reload makes the next parts from the former ones: the transport with its connections is shared, and so is each
/// server whose settings are the same, and each base model and adapter whose settings and files are. What the next
/// parts do not share goes with its last request.
struct GatewayParts: Sendable {
    let settings: GatewaySettings
    let configuration: GatewayConfiguration
    let engines: [LoadedEngine]
    /// The event loops of the server, on which plain exchanges with upstreams live too.
    let loops: ServerLoops
    private let remotes: [RemoteBackend]
    private let transport: CurlTransport?

    /// The engines, servers and upstreams as the gateway sees them.
    var backends: [any Backend] { engines.map { $0.backend(settings.limits) } + remotes.map(\.backend) }

    /// Every endpoint of the servers and upstreams, as it is now.
    var endpoints: [EndpointState] { remotes.flatMap(\.endpoints) }

    /// Opens what the settings name, and notes everything that is wrong; parts with findings are not to be served.
    init(_ settings: GatewaySettings, after former: GatewayParts? = nil, findings: ConfigurationFindings) {
        let engines = settings.engines.compactMap { setting -> LoadedEngine? in
            findings.part { () throws(ConfigurationError) in
                let like = former?.engines.filter { $0.hasBase(of: setting) } ?? []
                if let same = like.first(where: { $0.setting.name == setting.name }) ?? like.first {
                    return try same.successor(setting, in: settings)
                }
                return try LoadedEngine(setting, in: settings)
            }
        }
        let loops = former?.loops ?? ServerLoops(threads: settings.listener.threads)
        let transport = former?.transport ?? Self.transport(for: settings, loops, findings)
        self.settings = settings
        self.engines = engines
        self.loops = loops
        self.transport = transport
        remotes = transport.map { Self.remotes(settings, $0, after: former, findings) } ?? []
        let passthrough = settings.passthrough ?? settings.upstreams.first?.name
        let tasks = TaskAssembly(engines: engines, passthrough: passthrough, settings: settings)
        let served = settings.tasks.compactMap { setting in
            findings.part { () throws(ConfigurationError) in try tasks.task(setting) }
        }
        do throws(GatewayError) {
            _ = try TaskRegistry(served)
        } catch {
            findings.add(settings.error(at: "tasks", error.message))
        }
        var json = JSONLimits()
        json.depth = settings.limits.jsonDepth
        let prices = settings.prices.flatMap { path in
            findings.part { () throws(ConfigurationError) in try PricesFile.load(path: path) }
        }
        var configuration = GatewayConfiguration(
            tasks: served, routes: Self.routes(settings, engines, served),
            rules: settings.routing.map(RoutingRule.init),
            defaultBackend: passthrough, prices: prices ?? PriceTable(), killSwitch: settings.killSwitch,
            addsStreamUsage: settings.streamUsage == .always,
            stickyHeader: settings.stickyHeader ?? GatewayHeader.stickyKey,
            jsonLimits: json, rejectsWithoutLedger: settings.ledger.onError == .reject)
        configuration.reserveTokens = settings.keys.reserveTokens
        self.configuration = configuration
    }

    /// Ends the engines' threads and the upstream connections.
    func close() {
        for engine in engines { engine.service.close() }
        transport?.shutdown()
    }

    private static func transport(
        for settings: GatewaySettings, _ loops: ServerLoops, _ findings: ConfigurationFindings
    ) -> CurlTransport? {
        guard !settings.servers.isEmpty || !settings.upstreams.isEmpty else { return nil }
        return findings.part { () throws(ConfigurationError) in
            do throws(TransportError) {
                return try CurlTransport(ports: loops.ports)
            } catch {
                throw settings.error(at: "upstreams", "\(error)")
            }
        }
    }

    private static func remotes(
        _ settings: GatewaySettings, _ transport: CurlTransport, after former: GatewayParts?,
        _ findings: ConfigurationFindings
    ) -> [RemoteBackend] {
        let all = settings.servers.map { ("servers", $0) } + settings.upstreams.map { ("upstreams", $0) }
        return all.compactMap { section, setting in
            if let same = former?.remotes.first(where: {
                $0.section == section && $0.setting == setting && $0.limits == settings.limits
            }) {
                return same
            }
            return findings.part { () throws(ConfigurationError) in
                try RemoteBackend(section, setting, in: settings, transport: transport)
            }
        }
    }

    /// Model names of our own: those of the engines, those that a model map renames, and the tasks' names, which stand
    /// for their full-prompt models.
    private static func routes(
        _ settings: GatewaySettings, _ engines: [LoadedEngine], _ tasks: [GatewayTask]
    ) -> [GatewayConfiguration.ModelRoute] {
        var routes = settings.aliases.map {
            GatewayConfiguration.ModelRoute(name: $0.name, backend: $0.to.backend, model: $0.to.model)
        }
        for engine in engines {
            routes += engine.modelNames.map { .init(name: $0, backend: engine.setting.name, model: $0) }
        }
        for server in settings.servers + settings.upstreams {
            for (name, model) in server.modelMap.sorted(by: { $0.key < $1.key }) {
                routes.append(.init(name: name, backend: server.name, model: model))
            }
        }
        for task in tasks where task.full.model != nil && !routes.contains(where: { $0.name == task.name }) {
            routes.append(.init(name: task.name, backend: task.full.backend, model: task.full.model))
        }
        return routes
    }
}
