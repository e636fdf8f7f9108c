import ChatAPI
import Gateway

/// What a request's head says about its framing and its sender, read in one pass and checked.
///
/// What is malformed never comes here: `PlainHead` leaves it to the parser, which refuses it. Here is refused what two
/// readers could understand differently.
struct RequestOutline {
    /// The fields as they came, `Host` aside.
    var fields: HeaderFields = []
    /// The length of the body, if it is announced.
    var contentLength: Int?
    /// Whether the body comes in chunks.
    var isChunked = false
    /// Whether the client waits for permission to send its body.
    var expectsContinue = false
    /// Whether the connection ends with the answer.
    var closes: Bool
    private var host: String?
    private var hasUpgrade = false
    private var isH2COffer = true
    private var connection: String?

    /// Whether a body follows.
    var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

    /// Reads a head; throws what to answer.
    init(_ head: RequestHead) throws(APIError) {
        closes = head.isHTTP10
        fields.reserveCapacity(head.fields.count)
        for (name, value) in head.fields { try note(name, value) }
        if host == nil, !head.isHTTP10 { throw Self.refusal("There is no Host field") }
        // A client that speaks 1.0 knows no interim answer (RFC 9110, 10.1.1).
        if head.isHTTP10 { expectsContinue = false }
        if isChunked, contentLength != nil || head.isHTTP10 {
            throw Self.refusal("Transfer-Encoding and Content-Length contradict each other")
        }
        if let connection { note(connection: connection) }
        // An offer of h2c is ignored, body and all, as Java's client makes it with every first request; with any other
        // protocol, what stands behind the head could be read as that protocol's. The parser stops after the message.
        if hasUpgrade {
            guard isH2COffer || !hasBody else {
                throw Self.refusal("A request with a body cannot ask for another protocol")
            }
            closes = true
        }
    }

    /// Path and query as the client means them: an absolute URI must name the same host as the `Host` field.
    func target(_ uri: String) throws(APIError) -> String {
        guard uri.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw Self.refusal("The request target holds a character that is not allowed")
        }
        if uri.utf8.first == UInt8(ascii: "/") || uri == "*" { return uri }
        for scheme in ["http://", "https://"] where uri.lowercased().hasPrefix(scheme) {
            let rest = uri.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard let host, host.lowercased() == authority.lowercased() else {
                throw Self.refusal("The request target and the Host field name different hosts")
            }
            let path = rest[authority.endIndex...]
            return path.hasPrefix("/") ? String(path) : "/" + path
        }
        throw Self.refusal("The request target is neither a path nor an http URI")
    }

    private mutating func note(_ name: String, _ value: String) throws(APIError) {
        switch name.utf8.count {
        case 4 where FieldName.matches(name, "host"):
            guard host == nil else { throw Self.refusal("There are two Host fields") }
            guard value.utf8.allSatisfy(Self.isHostByte) else { throw Self.refusal("The Host field is malformed") }
            host = value
            return
        case 6 where FieldName.matches(name, "expect"):
            guard FieldName.matches(value, "100-continue") else {
                throw APIError(
                    status: 417, message: "The only Expect that is understood is 100-continue.",
                    type: "invalid_request_error", code: "expectation_failed")
            }
            expectsContinue = true
            return
        case 7 where FieldName.matches(name, "upgrade"):
            hasUpgrade = true
            isH2COffer = isH2COffer && FieldName.matches(value, "h2c")
        case 10 where FieldName.matches(name, "connection"): connection = connection.map { "\($0),\(value)" } ?? value
        case 14 where FieldName.matches(name, "content-length"):
            guard contentLength == nil, !value.isEmpty, value.utf8.count <= 18,
                value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(value)
            else { throw Self.refusal("Content-Length is not one number") }
            contentLength = length
        case 17 where FieldName.matches(name, "transfer-encoding"):
            guard !isChunked, FieldName.matches(value, "chunked") else {
                throw Self.refusal("The only Transfer-Encoding that is understood is chunked")
            }
            isChunked = true
        default: break
        }
        fields.append((name, value))
    }

    private mutating func note(connection: String) {
        if FieldName.matches(connection, "keep-alive") {
            closes = false
            return
        }
        for option in connection.split(separator: ",") {
            let option = RequestHead.trimmed(String(option))
            if FieldName.matches(option, "close") {
                closes = true
                return
            }
            if FieldName.matches(option, "keep-alive") { closes = false }
        }
    }

    private static func refusal(_ what: String) -> APIError {
        .invalidRequest("\(what).", code: "malformed_request")
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
