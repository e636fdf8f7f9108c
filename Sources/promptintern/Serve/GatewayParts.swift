import Backends
import ChatAPI
import Configuration
import Engine
import Gateway
import Ledger
import Transport

/// Everything a gateway is made of, chosen and opened: the one place where settings become concrete types.
struct GatewayParts {
    let configuration: GatewayConfiguration
    let backends: [any Backend]
    let engines: [LoadedEngine]
    private let transport: CurlTransport?

    /// Opens what the settings name; throws with what to do about the first thing that is wrong.
    init(_ settings: GatewaySettings) throws {
        let engines = try settings.engines.map { try LoadedEngine($0) }
        let remote = settings.servers + settings.upstreams
        let transport = remote.isEmpty ? nil : try CurlTransport()
        var backends: [any Backend] = engines.map(\.backend)
        let limits = TransportLimits(settings.limits)
        if let transport {
            for server in settings.servers {
                backends.append(
                    ServerBackend(
                        name: server.name, endpoint: try Self.endpoint(server), key: server.key?.value,
                        transport: transport, limits: limits))
            }
            for upstream in settings.upstreams {
                backends.append(
                    UpstreamBackend(
                        name: upstream.name, endpoint: try Self.endpoint(upstream), key: upstream.key?.value,
                        transport: transport, limits: limits))
            }
        }
        let passthrough = settings.passthrough ?? settings.upstreams.first?.name
        let tasks = TaskAssembly(engines: engines, passthrough: passthrough, limits: settings.limits)
        var json = JSONLimits()
        json.depth = settings.limits.jsonDepth
        self.engines = engines
        self.transport = transport
        self.backends = backends
        let served = try settings.tasks.map { try tasks.task($0) }
        configuration = GatewayConfiguration(
            tasks: served, routes: Self.routes(settings, engines, served),
            defaultBackend: passthrough,
            prices: try settings.prices.map { try PricesFile.load(path: $0) } ?? PriceTable(),
            killSwitch: settings.killSwitch, jsonLimits: json)
    }

    /// Ends the engines' threads and the upstream connections.
    func close() {
        for engine in engines { engine.service.close() }
        transport?.shutdown()
    }

    private static func endpoint(_ setting: UpstreamSetting) throws -> UpstreamEndpoint {
        do throws(TransportError) {
            return try UpstreamEndpoint(setting.baseURL)
        } catch {
            throw Failure("'\(setting.name)': \(error)")
        }
    }

    /// Model names of our own: those of the engines, those that a model map renames, and the tasks' names, which stand
    /// for their full-prompt models.
    private static func routes(
        _ settings: GatewaySettings, _ engines: [LoadedEngine], _ tasks: [GatewayTask]
    ) -> [GatewayConfiguration.ModelRoute] {
        var routes = engines.flatMap { engine in
            engine.modelNames.map {
                GatewayConfiguration.ModelRoute(name: $0, backend: engine.setting.name, model: $0)
            }
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

extension TransportLimits {
    init(_ limits: LimitSettings) {
        self.init(
            connect: .seconds(limits.connect), firstByte: .seconds(limits.firstByte), idle: .seconds(limits.idle),
            total: .seconds(limits.total))
    }
}
