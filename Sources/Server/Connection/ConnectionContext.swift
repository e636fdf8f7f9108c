import Access
import Gateway

/// What all connections of one listener share.
final class ConnectionContext: Sendable {
    let routes: RouteTable
    /// Who may use routes that ask for a key; nil if nobody is asked.
    let keys: KeyRing?
    let options: ListenOptions
    let times: ConnectionTimes
    let date = ResponseDate()
    let open = OpenConnections()
    let load: ServerLoad
    let bodies: BodyMemory
    /// Bounds the requests in progress; nil on the admin listener, which answers whatever goes on.
    let gate: RequestGate?
    let onRequest: @Sendable (RequestRecord) -> Void

    init(
        routes: RouteTable, keys: KeyRing?, options: ListenOptions, gate: RequestGate?,
        onRequest: @escaping @Sendable (RequestRecord) -> Void
    ) {
        self.routes = routes
        self.keys = keys
        self.options = options
        times = ConnectionTimes(options)
        self.gate = gate
        bodies = BodyMemory(limit: options.bodyMemory)
        load = ServerLoad(gate: gate, open: open, bodies: bodies)
        self.onRequest = onRequest
    }
}
