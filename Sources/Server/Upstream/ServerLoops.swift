import NIOPosix
public import Transport

/// The event loops that serve client connections, and on which plain exchanges with upstreams may live.
public struct ServerLoops: Sendable {
    let group: MultiThreadedEventLoopGroup
    let executors = LoopExecutors()

    /// Chooses the loops: the process's own, one for each core, or as many new ones as told.
    public init(threads: Int? = nil) {
        group = threads.map { MultiThreadedEventLoopGroup(numberOfThreads: $0) } ?? .singleton
    }

    /// The loops as the transport sees them: a request that is answered on one of them asks its upstream there too.
    public var ports: [any EventLoopPort] { group.makeIterator().map { LoopPort($0, executors[$0]) } }

    /// Runs tasks on one of the loops.
    func executor() -> LoopExecutor { executors[group.next()] }
}
