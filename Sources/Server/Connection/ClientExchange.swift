import ChatAPI
import Gateway
import NIOCore
import NIOHTTP1

/// One request of a connection, from its head to the last byte of the answer.
final class ClientExchange {
    let id: String
    let method: String
    let arrival = ContinuousClock.now
    let isHTTP10: Bool
    var target: String
    var closes = false
    /// What to answer once the request is read, if it was refused at its head.
    var refusal: APIError?
    private(set) var match: RouteTable.Match?
    private var fields: HeaderFields = []
    private var key: String?

    // The answer.
    var framing = ReplyBytes.Framing.none
    var reply: ClientReply?
    /// Bytes of the body that were written.
    var written = 0
    var firstByte: ContinuousClock.Instant?

    init(_ head: HTTPRequestHead) {
        id = Received.newID()
        method = head.method.rawValue
        target = head.uri
        isHTTP10 = head.version.minor == 0
        closes = isHTTP10
    }

    /// An exchange whose request could not be read.
    init(id: String) {
        self.id = id
        method = "-"
        target = "-"
        isHTTP10 = false
    }

    func note(_ outline: RequestOutline) {
        fields = outline.fields
        closes = outline.closes
    }

    /// Finds the route and asks for the key; returns what to answer if either is missing.
    func admit(by shared: ConnectionContext) -> APIError? {
        switch shared.routes.match(method: method, target: target) {
        case .failure(let error): return error
        case .success(let match):
            self.match = match
            if match.route.access == .open || shared.keys.isEmpty { return nil }
            let authorization = fields.first(named: "authorization")
            key = shared.keys.name(authorization: authorization)
            if key != nil { return nil }
            return authorization == nil ? .missingAPIKey : .invalidAPIKey
        }
    }

    func received(body: [UInt8]) -> Received {
        Received(
            id: id, method: method, target: target, headers: fields, body: body, gatewayKey: key, arrival: arrival)
    }

    /// Whether the answer has no body, whatever it says.
    func isBodyless(_ reply: ClientReply) -> Bool {
        method == "HEAD" || reply.status == 204 || reply.status == 304
    }

    /// The second part of a `traceparent` field of version 00 (W3C Trace Context).
    private var traceID: String? {
        guard let parent = fields.first(named: "traceparent"), parent.utf8.count == 55 else { return nil }
        let parts = parent.split(separator: "-")
        guard parts.count == 4, parts[1].utf8.count == 32, parts[1].utf8.allSatisfy(Self.isHexadecimal) else {
            return nil
        }
        return String(parts[1])
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    func record(_ end: RequestRecord.End) -> RequestRecord {
        RequestRecord(
            id: id, method: method, target: target, route: match?.route, traceID: traceID, arrival: arrival,
            firstByte: firstByte, status: reply?.status ?? 0, fields: reply?.headers ?? [],
            bytes: written, end: end)
    }
}
