/// What holds for all exchanges of a transport.
public struct TransportOptions: Sendable, Hashable {
    /// The most connections kept open without a transfer. Default: 128.
    public var idleConnections: Int
    /// A connection idle for longer is not used again. Default: 60 s.
    public var idleConnectionAge: Duration
    /// Whether HTTP/2 is used over TLS where the upstream offers it. Default: false (HTTP/1.1).
    public var allowsHTTP2: Bool
    /// A PEM file with the only authorities to trust, in place of the system's. Default: nil.
    public var certificateAuthorities: String?

    /// Makes options; whatever is left out has its default.
    public init(
        idleConnections: Int = 128,
        idleConnectionAge: Duration = .seconds(60),
        allowsHTTP2: Bool = false,
        certificateAuthorities: String? = nil
    ) {
        self.idleConnections = idleConnections
        self.idleConnectionAge = idleConnectionAge
        self.allowsHTTP2 = allowsHTTP2
        self.certificateAuthorities = certificateAuthorities
    }
}
