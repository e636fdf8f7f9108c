/// A request in the form libcurl takes: checked, without hop-by-hop fields, each header field as one line.
struct WireRequest: Sendable {
    /// How libcurl is told about the method and the body.
    enum Kind: Sendable {
        case get
        case head
        /// Any method with a body, or one whose missing body must be stated.
        case post
        /// Any other method without a body.
        case custom
    }

    let method: String
    let kind: Kind
    let url: String
    let headerLines: [String]
    let body: [UInt8]
    let mayRepeat: Bool
    /// For error texts.
    let origin: String

    /// Checks the request; throws `.badURL` or `.badRequest`.
    init(_ request: TransportRequest, to endpoint: UpstreamEndpoint) throws(TransportError) {
        func refused(_ code: TransportError.Code, _ problem: String) -> TransportError {
            TransportError(code, context: "A request to \(endpoint.origin) \(problem)", wasSent: false)
        }
        if let problem = RequestPath.problem(of: request.path) { throw refused(.badURL, problem) }
        guard FieldRules.isToken(request.method), request.method != "CONNECT" else {
            throw refused(.badRequest, "has a method that is not an HTTP method")
        }
        for (index, header) in request.headers.enumerated() {
            guard FieldRules.isToken(header.name), FieldRules.isValue(header.value) else {
                throw refused(.badRequest, "has a malformed header field at position \(index + 1)")
            }
        }
        method = request.method
        kind = Self.kind(of: request)
        url = endpoint.baseURL + request.path
        headerLines = Self.lines(of: HopByHop.endToEndRequest(request.headers))
        body = request.body
        mayRepeat = request.mayRepeat
        origin = endpoint.origin
    }

    private static func kind(of request: TransportRequest) -> Kind {
        if !request.body.isEmpty { return .post }
        switch request.method {
        case "GET": return .get
        case "HEAD": return .head
        case "POST", "PUT", "PATCH": return .post
        default: return .custom
        }
    }

    /// libcurl's notation: `Name: value`, `Name;` for an empty value, `Name:` to keep libcurl from adding the field.
    private static func lines(of headers: TransportHeaders) -> [String] {
        var lines = ["Expect:"]
        var suppressed = ["accept", "content-type"]
        for header in headers {
            lines.append(header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
            suppressed.removeAll { $0.utf8.count == header.name.utf8.count && $0 == header.name.lowercased() }
        }
        return lines + suppressed.map { "\($0):" }
    }
}

/// RFC 9110's rules for header fields.
enum FieldRules {
    /// Whether the text is a token (RFC 9110, 5.6.2), as methods and field names must be.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isTokenByte)
    }

    /// Whether the text may be a field value: no control character but the tab.
    static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
