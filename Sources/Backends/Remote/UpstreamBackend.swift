public import ChatAPI
public import Gateway
public import Transport

/// An upstream that speaks the OpenAI API: the bytes go there as they are, and everything they ask for is its business.
public struct UpstreamBackend: Backend {
    /// The name in the configuration.
    public var name: String { server.name }
    private let server: RemoteServer

    /// An upstream.
    ///
    /// - Parameters:
    ///   - endpoint: the base URL, with or without `/v1` at its end.
    ///   - key: takes the place of the client's `Authorization`; nil passes that on.
    public init(
        name: String, endpoint: UpstreamEndpoint, key: String? = nil, transport: CurlTransport,
        limits: TransportLimits = TransportLimits()
    ) {
        server = RemoteServer(name: name, endpoint: endpoint, key: key, transport: transport, limits: limits)
    }

    /// None: an upstream takes or refuses features itself.
    public func unsupported(_ features: Set<Feature>) -> Set<Feature> { [] }

    /// Sends the request there.
    public func reply(to request: BackendRequest) async throws(BackendError) -> Reply {
        try await server.reply(to: request)
    }
}
