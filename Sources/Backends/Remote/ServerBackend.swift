public import ChatAPI
public import Gateway
public import Transport

/// A local server with the OpenAI API, such as vLLM or llama.cpp, that holds the base model and the adapters.
///
/// The adapter is chosen by the model's name, which the gateway has put into the body.
public struct ServerBackend: Backend {
    /// The name in the configuration.
    public var name: String { server.name }
    /// What of its failures is tried again.
    public var retry: RetryPolicy { server.retry }
    let server: RemoteServer

    /// A server.
    ///
    /// - Parameters:
    ///   - endpoints: the base URLs of its copies, with or without `/v1` at their end; at least one.
    ///   - key: sent as `Authorization`; a client's own key never reaches the server.
    public init(
        name: String, endpoints: [UpstreamEndpoint], key: String? = nil, transport: CurlTransport,
        options: UpstreamOptions = UpstreamOptions()
    ) {
        server = RemoteServer(name: name, endpoints: endpoints, key: key, transport: transport, options: options)
    }

    /// A server at one address.
    public init(
        name: String, endpoint: UpstreamEndpoint, key: String? = nil, transport: CurlTransport,
        limits: TransportLimits = TransportLimits()
    ) {
        var options = UpstreamOptions()
        options.limits = limits
        self.init(name: name, endpoints: [endpoint], key: key, transport: transport, options: options)
    }

    /// What text servers commonly lack; the rest is theirs to honour or to refuse, and the schema's to allow.
    public func unsupported(_ features: Set<Feature>) -> Set<Feature> {
        features.filter { feature in
            switch feature {
            case .multipleChoices, .logprobs, .logitBias, .penalties, .responseFormat, .store, .serviceTier,
                .unknownField:
                false
            default: true
            }
        }
    }

    /// Sends the request there, without the client's key.
    public func reply(to request: BackendRequest) async throws(BackendError) -> Reply {
        let headers = request.headers.filter { field in
            !["authorization", "api-key", "x-api-key"].contains { FieldName.matches(field.name, $0) }
        }
        return try await server.reply(
            to: BackendRequest(
                id: request.id, method: request.method, target: request.target, headers: headers, body: request.body,
                model: request.model, chat: request.chat, limits: request.limits, tenant: request.tenant))
    }
}
