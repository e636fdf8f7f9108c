/// Where a listener listens, and what it bears with.
public struct ListenOptions: Sendable {
    /// A name or an address; an IPv6 address without brackets.
    public var host: String
    /// The port; 0 lets the system choose.
    public var port: Int
    /// The largest request body, in bytes.
    public var bodyBytes: Int
    /// What the bodies of all requests that are read or answered may hold together, in bytes.
    public var bodyMemory = 1 << 30
    /// How long a connection may be idle between requests.
    public var idle: Duration
    /// How long the head of a request may take.
    public var header = Duration.seconds(10)
    /// How long a client may pause while it sends a body.
    public var bodyIdle = Duration.seconds(15)
    /// How long a client may take nothing of an answer.
    public var writeIdle = Duration.seconds(60)
    /// How many connections may be open.
    public var connections = 16_384
    /// How many requests may be in progress.
    public var requestsInProgress = 4096
    /// How many more may wait for one of them to end.
    public var requestsWaiting = 1024
    /// How long a request may wait.
    public var waiting = Duration.seconds(10)
    /// The certificate; without one the listener speaks plain HTTP.
    public var tls: ListenerTLS?
    /// Which web pages may read answers.
    public var cors: CORSPolicy?

    /// Makes options.
    public init(host: String, port: Int, bodyBytes: Int = 40 << 20, idle: Duration = .seconds(75)) {
        self.host = host
        self.port = port
        self.bodyBytes = bodyBytes
        self.idle = idle
    }

    /// `HOST:PORT`, with an IPv6 address in brackets.
    public var address: String { Self.address(host: host, port: port) }

    /// Whether only this machine can connect.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    static func address(host: String, port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
