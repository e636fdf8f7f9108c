import NIOCore
import NIOPosix
public import Transport

/// The event loops that serve client connections, and on which plain exchanges with upstreams may live.
public struct ServerLoops: Sendable {
    let group: MultiThreadedEventLoopGroup
    let executors = LoopExecutors()

    /// What the process has of its own: a loop for every second core. The others are for the engine's and the ledger's
    /// threads; a loop that shares its core with another costs a fifth more processor time a request
    /// (docs/performance.md).
    private static let usual = MultiThreadedEventLoopGroup(numberOfThreads: max(1, System.coreCount / 2))

    /// Chooses the loops: the process's own, or as many new ones as told.
    public init(threads: Int? = nil) {
        group = threads.map { MultiThreadedEventLoopGroup(numberOfThreads: $0) } ?? Self.usual
    }

    /// The loops as the transport sees them: a request that is answered on one of them asks its upstream there too.
    public var ports: [any EventLoopPort] { group.makeIterator().map { LoopPort($0, executors[$0]) } }

    /// Runs tasks on one of the loops.
    func executor() -> LoopExecutor { executors[group.next()] }
}
