import Foundation

/// What holds for all exchanges of a transport.
public struct TransportOptions: Sendable, Hashable {
    /// The most connections held open, those in use included: a connection over this number is closed after its
    /// exchange, the oldest idle one first. Default: 4096.
    public var connections: Int
    /// The most connections to one host and port, for each thread; exchanges beyond that wait. Default: nil, no limit.
    public var connectionsPerHost: Int?
    /// A connection idle for longer is not used again. Default: 60 s.
    public var idleConnectionAge: Duration
    /// A connection older than this is not used again, so that changes in DNS are followed. Default: 600 s.
    public var connectionAge: Duration

    /// The threads that carry exchanges, each with connections of its own. Default: one for every four processors, at
    /// most eight.
    public var threads: Int
    /// A plain connection that was opened ahead and carried nothing for longer is closed: a server that waits for a
    /// request holds a place for it, and many give up soon.
    var unusedConnectionAge = Duration.seconds(3)
    /// Whether libcurl carries every exchange, also those that need nothing of it.
    var usesLibcurlOnly = false

    /// Makes options; whatever is left out has its default.
    public init(
        connections: Int = 4096,
        connectionsPerHost: Int? = nil,
        idleConnectionAge: Duration = .seconds(60),
        connectionAge: Duration = .seconds(600),
        threads: Int? = nil
    ) {
        self.connections = connections
        self.connectionsPerHost = connectionsPerHost
        self.idleConnectionAge = idleConnectionAge
        self.connectionAge = connectionAge
        self.threads = threads ?? min(8, max(1, ProcessInfo.processInfo.activeProcessorCount / 4))
    }
}
