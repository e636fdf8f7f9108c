import Gateway

/// What all connections of one listener share.
final class ConnectionContext: Sendable {
    let routes: RouteTable
    let keys: ClientKeys
    let options: ListenOptions
    let date = ResponseDate()
    let load = ServerLoad()
    let onRequest: @Sendable (RequestRecord) -> Void

    init(
        routes: RouteTable, keys: ClientKeys, options: ListenOptions,
        onRequest: @escaping @Sendable (RequestRecord) -> Void
    ) {
        self.routes = routes
        self.keys = keys
        self.options = options
        self.onRequest = onRequest
    }
}
