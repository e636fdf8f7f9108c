/// How long each phase of an exchange may take, and how large a response header block may be.
public struct TransportLimits: Sendable, Hashable {
    /// Until the connection stands, name lookup and TLS handshake included. Default: 5 s.
    public var connect: Duration
    /// From a standing connection (or the last progress of the upload) to the end of the header block. Default: 60 s.
    public var firstByte: Duration
    /// The longest silence in the middle of a body; time in which the consumer paused the transfer is not counted.
    /// Default: 30 s.
    public var idle: Duration
    /// The whole exchange. Default: 600 s.
    public var total: Duration
    /// The most bytes of response header lines, interim responses included. Default: 64 KiB.
    public var headerBytes: Int
    /// The most response header fields, interim responses included. Default: 256.
    public var headerFields: Int

    /// Makes limits; whatever is left out has its default.
    public init(
        connect: Duration = .seconds(5),
        firstByte: Duration = .seconds(60),
        idle: Duration = .seconds(30),
        total: Duration = .seconds(600),
        headerBytes: Int = 64 * 1024,
        headerFields: Int = 256
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
        self.headerBytes = headerBytes
        self.headerFields = headerFields
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, at least 1: libcurl reads 0 as "no limit".
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        let partial = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int(clamping: max(1, seconds.multipliedReportingOverflow(by: 1000).partialValue + partial))
    }
}
