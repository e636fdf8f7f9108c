public import ChatAPI
public import Gateway
public import Transport

/// An upstream that speaks the OpenAI API: the bytes go there as they are, and everything they ask for is its business.
public struct UpstreamBackend: Backend {
    /// The name in the configuration.
    public var name: String { server.name }
    /// What of its failures is tried again.
    public var retry: RetryPolicy { server.retry }
    /// Whether it has no key of its own.
    public var takesClientKey: Bool { server.key == nil && !server.isSigned }
    let server: RemoteServer

    /// An upstream.
    ///
    /// - Parameters:
    ///   - endpoints: its base URLs, with or without `/v1` at their end; at least one.
    ///   - key: takes the place of the client's own; nil passes that on.
    public init(
        name: String, endpoints: [UpstreamEndpoint], key: String? = nil, transport: CurlTransport,
        options: UpstreamOptions = UpstreamOptions()
    ) {
        server = RemoteServer(name: name, endpoints: endpoints, key: key, transport: transport, options: options)
    }

    /// An upstream at one address.
    public init(
        name: String, endpoint: UpstreamEndpoint, key: String? = nil, transport: CurlTransport,
        limits: TransportLimits = TransportLimits()
    ) {
        var options = UpstreamOptions()
        options.limits = limits
        self.init(name: name, endpoints: [endpoint], key: key, transport: transport, options: options)
    }

    /// None: an upstream takes or refuses features itself.
    public func unsupported(_ features: Set<Feature>) -> Set<Feature> { [] }

    /// Sends the request there.
    public func reply(to request: BackendRequest) async throws(BackendError) -> Reply {
        try await server.reply(to: request)
    }
}
