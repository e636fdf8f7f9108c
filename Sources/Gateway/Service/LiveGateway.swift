import Synchronization

/// The gateway service in force: read once per request, replaced as a whole by a reload.
///
/// A request keeps the service that it read first, with its backends, tasks and prices, until its answer has ended; a
/// service that was replaced goes when the last of its requests does.
public final class LiveGateway: Sendable {
    private let service: Mutex<GatewayService>

    /// Starts with a service.
    public init(_ service: GatewayService) {
        self.service = Mutex(service)
    }

    /// The service for a request that begins now.
    public var current: GatewayService { service.withLock { $0 } }

    /// From now on requests begin with `next`.
    public func replace(with next: GatewayService) {
        // The old service may go here, with all that it owns: outside the lock.
        let old = service.withLock { service in
            defer { service = next }
            return service
        }
        _ = old
    }
}
