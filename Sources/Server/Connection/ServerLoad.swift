import Synchronization

/// How much a listener has to do right now.
public final class ServerLoad: Sendable {
    private let openConnections = Atomic(0)
    private let openRequests = Atomic(0)
    private let gate: RequestGate?

    /// Connections that are open.
    public var connections: Int { openConnections.load(ordering: .relaxed) }
    /// Requests whose head was read and whose answer is not at its end.
    public var requests: Int { openRequests.load(ordering: .relaxed) }

    /// Requests that wait because as many as may be are in progress.
    public var waiting: Int { gate?.waitingCount ?? 0 }

    init(gate: RequestGate?) {
        self.gate = gate
    }

    func addConnections(_ number: Int) { openConnections.wrappingAdd(number, ordering: .relaxed) }

    func addRequests(_ number: Int) {
        if number != 0 { openRequests.wrappingAdd(number, ordering: .relaxed) }
    }
}
