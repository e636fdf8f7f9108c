import Gateway

/// What became of one request, for the operator's log: never a body, a key or a query.
public struct RequestRecord: Sendable {
    /// How a request ended.
    public enum End: String, Sendable {
        /// The client was sent everything.
        case complete
        /// The client closed the connection.
        case clientLeft = "client_left"
        /// The answer broke off.
        case broken
    }

    /// The request's id, as in `x-request-id` and the ledger.
    public let id: String
    /// The method.
    public let method: String
    /// The path without its query, short, and of printable characters only.
    public let path: String
    /// Whether it is one of the health checks, of which there are many.
    public let isHealthCheck: Bool
    /// The status.
    public let status: Int
    /// How it ended.
    public let end: End
    /// Milliseconds from the request's head to the body's first byte, if there was one.
    public let firstByte: Int64?
    /// Milliseconds from the request's head to the end.
    public let total: Int64
    /// What the gateway decided: task, arm, reason, model, tokens, as far as they apply.
    public let decision: [(name: String, value: String)]

    init(
        id: String, method: String, target: String, isHealthCheck: Bool, arrival: ContinuousClock.Instant,
        reply: ClientReply, progress: WrittenReply, end: End
    ) {
        self.id = id
        self.method = String(method.prefix(20))
        path = Self.path(target)
        self.isHealthCheck = isHealthCheck
        status = reply.status
        self.end = end
        firstByte = progress.firstByte.map { Self.milliseconds(from: arrival, to: $0) }
        total = Self.milliseconds(from: arrival, to: .now)
        decision = Self.fields.compactMap { name, field in
            reply.headers.first(named: field).map { (name, $0) }
        }
    }

    private static let fields = [
        ("task", GatewayHeader.task), ("arm", GatewayHeader.arm), ("reason", GatewayHeader.reason),
        ("model", GatewayHeader.model), ("tokens_before", GatewayHeader.tokensBefore),
        ("tokens_after", GatewayHeader.tokensAfter),
    ]

    static func path(_ target: String) -> String {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }.prefix(200)
        return String(decoding: path.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private static func milliseconds(from start: ContinuousClock.Instant, to end: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (end - start).components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
