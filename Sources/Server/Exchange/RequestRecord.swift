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
    /// Whether it is one of the health checks, of which there are many.
    public let isHealthCheck: Bool
    /// The status; 0 if the client left before there was one.
    public let status: Int
    /// How it ended.
    public let end: End
    /// Bytes of the body that were written.
    public let bytes: Int
    /// From the request's head to the body's first byte, if there was one.
    public let firstByte: Duration?
    /// From the request's head to the end.
    public let total: Duration
    private let target: String
    private let fields: HeaderFields

    init(
        id: String, method: String, target: String, isHealthCheck: Bool, arrival: ContinuousClock.Instant,
        firstByte: ContinuousClock.Instant?, status: Int, fields: HeaderFields, bytes: Int, end: End
    ) {
        self.id = id
        self.method = method
        self.target = target
        self.isHealthCheck = isHealthCheck
        self.status = status
        self.fields = fields
        self.bytes = bytes
        self.end = end
        self.firstByte = firstByte.map { $0 - arrival }
        total = ContinuousClock.now - arrival
    }

    /// The path without its query, short, and of printable characters only.
    public var path: String { Self.path(target) }

    /// What the gateway decided: task, arm, reason, model, tokens, as far as they apply.
    public var decision: [(name: String, value: String)] {
        Self.names.compactMap { name, field in fields.first(named: field).map { (name, $0) } }
    }

    private static let names = [
        ("task", GatewayHeader.task), ("arm", GatewayHeader.arm), ("reason", GatewayHeader.reason),
        ("model", GatewayHeader.model), ("tokens_before", GatewayHeader.tokensBefore),
        ("tokens_after", GatewayHeader.tokensAfter),
    ]

    static func path(_ target: String) -> String {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }.prefix(200)
        return String(decoding: path.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
