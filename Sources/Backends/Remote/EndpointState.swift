import Gateway
import Transport

/// What is known of one endpoint of an upstream or server, for metrics.
public struct EndpointState: Sendable, Hashable {
    /// The backend's name in the configuration.
    public let backend: String
    /// Scheme, host and port.
    public let origin: String
    /// Whether it is asked nothing for a while, after failures or at its own wish.
    public let isResting: Bool
}

extension RemoteServer {
    var endpoints: [EndpointState] {
        pool.members.map { EndpointState(backend: name, origin: $0.endpoint.origin, isResting: $0.breaker.isOpen) }
    }
}

extension UpstreamBackend {
    /// The endpoints, as they are now.
    public var endpoints: [EndpointState] { server.endpoints }
}

extension ServerBackend {
    /// The endpoints, as they are now.
    public var endpoints: [EndpointState] { server.endpoints }
}
