public import Access
public import Gateway
import Logging
import ServiceLifecycle

/// The gateway's two listeners: one for clients, one for operators.
///
///     let server = try GatewayServer(LiveGateway(service), main: main, admin: admin, keys: keys)
///     try await server.run()
public struct GatewayServer: Sendable {
    private let group: ServiceGroup
    /// What the main listener has to do right now.
    public let load: ServerLoad
    /// What the main listener answers, and to whom.
    let routes: [RouteTable.Route]
    /// What the admin listener answers.
    let adminRoutes: [RouteTable.Route]

    /// Prepares the listeners; nothing listens yet.
    ///
    /// - Parameters:
    ///   - gateway: the service; each request is served by the one in force when it comes.
    ///   - keys: what clients must present; without any, the main listener refuses an address that others can reach.
    ///   - loops: the event loops that serve the connections.
    ///   - drain: how long requests under way may take after a stop was asked for.
    ///   - onListening: called with the two addresses once clients can connect to both.
    ///   - onRequest: called at the end of each request, from any thread; must not block.
    ///   - actions: what the admin listener offers besides the gateway's own.
    /// - Throws: `ServerError.unprotected`.
    public init(
        _ gateway: LiveGateway, main: ListenOptions, admin: ListenOptions, keys: KeyRing? = nil,
        loops: ServerLoops = ServerLoops(), drain: Duration = .seconds(30),
        onListening: @escaping @Sendable (_ main: String, _ admin: String) async -> Void = { _, _ in },
        onRequest: @escaping @Sendable (RequestRecord) -> Void = { _ in }, actions: AdminActions = AdminActions()
    ) throws(ServerError) {
        try Self.check(main: main, admin: admin, keys: keys)
        let health = HealthReport(gateway: gateway)
        let addresses = ListeningAddresses(onListening)
        let table = RouteTable.main(gateway, health: health)
        routes = table.routes
        let adminTable = RouteTable.admin(gateway, health: health, actions: actions, keys: keys)
        adminRoutes = adminTable.routes
        let gate = RequestGate(
            limit: main.requestsInProgress, waiting: main.requestsWaiting, patience: main.waiting)
        func listener(
            _ name: String, _ options: ListenOptions, _ routes: RouteTable, _ keys: KeyRing?, _ gate: RequestGate?
        ) -> Listener {
            Listener(
                name: name, onListening: { await addresses.add(name, $0) }, onStopping: { health.stop() },
                shared: ConnectionContext(
                    routes: routes, keys: keys, options: options, gate: gate, onRequest: onRequest),
                loops: loops)
        }
        let clients = listener(ListeningAddresses.main, main, table, keys, gate)
        load = clients.shared.load
        // They are stopped from the last to the first: operators can look on until the clients are served.
        var configuration = ServiceGroupConfiguration(
            services: [
                listener(ListeningAddresses.admin, admin, adminTable, nil, nil),
                clients,
            ], logger: Listener.quiet)
        configuration.maximumGracefulShutdownDuration = drain
        group = ServiceGroup(configuration: configuration)
    }

    /// Serves until a stop is asked for and the requests under way are finished, or until a listener fails.
    ///
    /// - Throws: `ServerError` if a listener cannot start, `CancellationError` if requests were cut off at a stop.
    public func run() async throws {
        try await group.run()
    }

    /// Asks for a stop: closes the listeners and lets requests under way finish.
    public func stop() async {
        await group.triggerGracefulShutdown()
    }

    /// Refuses listeners that others could reach without a key.
    public static func check(
        main: ListenOptions, admin: ListenOptions, keys: KeyRing?
    ) throws(ServerError) {
        if !main.isLoopback, keys?.liveCount ?? 0 == 0 {
            throw ServerError(
                .unprotected,
                "refusing to listen on \(main.address), which others can reach, without a client key: "
                    + "make one with `promptintern keys create`, set PROMPTINTERN_CLIENT_KEY, give --client-key or "
                    + "client_keys, or listen on 127.0.0.1")
        }
        if !admin.isLoopback {
            throw ServerError(
                .unprotected,
                "refusing to open the admin listener on \(admin.address), which others can reach: it asks for no key; "
                    + "listen on 127.0.0.1, and reach it from elsewhere through ssh or a proxy that asks for one")
        }
    }
}

/// Waits until both listeners have told their addresses.
private actor ListeningAddresses {
    static let main = "the main listener"
    static let admin = "the admin listener"

    private let onListening: @Sendable (_ main: String, _ admin: String) async -> Void
    private var addresses: [String: String] = [:]

    init(_ onListening: @escaping @Sendable (_ main: String, _ admin: String) async -> Void) {
        self.onListening = onListening
    }

    func add(_ name: String, _ address: String) async {
        addresses[name] = address
        if let main = addresses[Self.main], let admin = addresses[Self.admin] { await onListening(main, admin) }
    }
}
