public import Gateway

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
    /// The route's pattern; nil if the path is none of ours.
    public let route: String?
    /// The caller's trace, from its `traceparent`.
    public let traceID: String?
    /// What the gateway decided, as far as it applies.
    public let decision: Decision
    /// How it went; nil if no backend was asked.
    public let trace: RequestTrace?
    private let target: String

    init(
        id: String, method: String, target: String, route: RouteTable.Route?, traceID: String?,
        arrival: ContinuousClock.Instant,
        firstByte: ContinuousClock.Instant?, reply: ClientReply?, hasBegun: Bool, bytes: Int, end: End
    ) {
        self.id = id
        self.method = method
        self.target = target
        isHealthCheck = route?.isHealthCheck ?? false
        self.route = route?.pattern
        self.traceID = traceID
        status = hasBegun ? reply?.status ?? 0 : 0
        decision = Decision(reply?.headers ?? [])
        trace = reply?.trace
        self.bytes = bytes
        self.end = end
        self.firstByte = firstByte.map { $0 - arrival }
        total = ContinuousClock.now - arrival
    }

    /// The path without its query, short, and of printable characters only.
    public var path: String { Self.path(target) }

    /// What the answer's own fields tell.
    public struct Decision: Sendable {
        /// The task recognized, or the one that came nearest.
        public private(set) var task: String?
        /// Which way the request went.
        public private(set) var arm: String?
        /// Why.
        public private(set) var reason: String?
        /// The model that was asked.
        public private(set) var model: String?
        /// Tokens of the full prompt.
        public private(set) var tokensBefore: String?
        /// Tokens of what was sent.
        public private(set) var tokensAfter: String?
        /// The difference.
        public private(set) var tokensSaved: String?

        private static let prefix = "x-promptintern-"

        init(_ fields: HeaderFields) {
            for (name, value) in fields where FieldName.hasPrefix(name, Self.prefix) {
                switch name {
                case GatewayHeader.task: task = value
                case GatewayHeader.arm: arm = value
                case GatewayHeader.reason: reason = value
                case GatewayHeader.model: model = value
                case GatewayHeader.tokensBefore: tokensBefore = value
                case GatewayHeader.tokensAfter: tokensAfter = value
                case GatewayHeader.tokensSaved: tokensSaved = value
                default: break
                }
            }
        }
    }

    static func path(_ target: String) -> String {
        let bytes = target.utf8.span
        var isShown = bytes.count <= 200
        for index in bytes.indices where isShown {
            isShown = bytes[index] > 0x20 && bytes[index] < 0x7F && bytes[index] != UInt8(ascii: "?")
        }
        if isShown { return target }
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }.prefix(200)
        return String(decoding: path.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
