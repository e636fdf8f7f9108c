import Access
import ChatAPI
import Gateway
import NIOCore

/// One request of a connection, from its head to the last byte of the answer.
final class ClientExchange {
    let id: String
    let method: String
    let arrival = ContinuousClock.now
    let isHTTP10: Bool
    var target: String
    var closes = false
    /// What to answer once the request is read, if it was refused at its head.
    var refusal: ClientReply?
    private(set) var match: RouteTable.Match?
    private var fields: HeaderFields = []
    private var caller: Caller?
    private var deployment: String?
    /// What a web page needs to read the answer.
    private(set) var crossOrigin: HeaderFields?

    /// Bytes of the body that were set aside.
    var bodyBytes = 0

    // The answer.
    var framing = ReplyBytes.Framing.none
    var reply: ClientReply?
    /// What is said in place of whatever the request's work still brings.
    var lastWord: ClientReply?
    /// Whether its head was written.
    var hasBegun = false
    /// Bytes of the body that were written.
    var written = 0
    var firstByte: ContinuousClock.Instant?
    var isEventStream = false
    /// Whether what was written ends with an event.
    var isBetweenEvents = true

    init(_ head: RequestHead) {
        id = Received.newID()
        method = head.method
        target = head.target
        isHTTP10 = head.isHTTP10
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

    /// Finds the route, asks for the key and for room; returns what to answer if one of them is missing.
    func admit(by shared: ConnectionContext) -> ClientReply? {
        if let cors = shared.options.cors, let origin = fields.first(named: "origin") {
            let further = cors.preflight(method, fields, from: origin)
            crossOrigin = cors.fields(for: origin) + (further ?? [])
            if further != nil {
                return ClientReply(
                    status: 204, headers: [(GatewayHeader.requestID, id)], body: ReplyStream([]))
            }
        }
        let path = ClientPath(target)
        (target, deployment) = (path.target, path.deployment)
        switch shared.routes.match(method: method, target: target) {
        case .failure(let error): return ClientReply(error, requestID: id)
        case .success(let match):
            self.match = match
            if shared.routes.refusesPages, !match.route.isHealthCheck, fields.first(named: "origin") != nil {
                return ClientReply(Self.pageRefused, requestID: id)
            }
            if match.route.access == .open { return nil }
            if let error = shared.keys.flatMap(ask) { return ClientReply(error, requestID: id) }
            return shared.gate?.isFull == true ? ClientReply(.overloaded(), requestID: id) : nil
        }
    }

    private static let pageRefused = APIError(
        status: 403, message: "Web pages may not use the admin listener: send this without an Origin field.",
        type: "invalid_request_error", code: "origin_refused")

    /// Asks for a key, if any is asked for; returns what to answer if none that came is accepted.
    private func ask(_ keys: KeyRing) -> APIError? {
        var isPresent = false
        for place in Credential.Place.allCases {
            let key: [UInt8]?
            switch Credential.find(place, in: fields) {
            case .none: continue
            case .malformed: key = nil
            case .key(let bytes): key = bytes
            }
            isPresent = true
            switch keys.check(key) {
            case .notRequired: return nil
            case .accepted(let caller):
                self.caller = caller
                return nil
            case .refused, .missing: continue
            }
        }
        if case .notRequired = keys.check(nil) { return nil }
        return isPresent ? .invalidAPIKey : .missingAPIKey
    }

    func received(body: [UInt8]) -> Received {
        let body = deployment.map { ClientPath.body(body, deployment: $0) } ?? body
        return Received(
            id: id, method: method, target: target, headers: fields, body: body, caller: caller, arrival: arrival)
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
            firstByte: firstByte, reply: reply, hasBegun: hasBegun,
            bytes: written, end: end)
    }
}
