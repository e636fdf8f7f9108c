import Synchronization

/// How much a listener has to do right now.
public final class ServerLoad: Sendable {
    private let openRequests = Atomic(0)
    private let gate: RequestGate?
    private let open: OpenConnections
    private let bodies: BodyMemory

    /// Connections that are accepted and not closed, those in their TLS handshake included.
    public var connections: Int { open.count }
    /// Requests whose head was read and whose answer is not at its end.
    public var requests: Int { openRequests.load(ordering: .relaxed) }

    /// Requests that wait because as many as may be are in progress.
    public var waiting: Int { gate?.waitingCount ?? 0 }

    /// What the bodies of requests hold that are read or answered, in bytes.
    public var bodyBytes: Int { bodies.bytes }

    init(gate: RequestGate?, open: OpenConnections, bodies: BodyMemory) {
        self.gate = gate
        self.open = open
        self.bodies = bodies
    }

    func addRequests(_ number: Int) {
        if number != 0 { openRequests.wrappingAdd(number, ordering: .relaxed) }
    }
}
