/// A checked request without hop-by-hop fields, in the form in which it is sent or in which libcurl takes it.
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

    let endpoint: UpstreamEndpoint
    let method: String
    let kind: Kind
    /// Where it goes without libcurl: an address that needs no lookup, no TLS, no proxy and no signature.
    let plainAddress: SocketAddress?
    /// The whole URL, for libcurl; empty where `plainAddress` is set.
    let url: String
    /// The request line and the header fields; for libcurl, its lines without a request line.
    let headerBlock: [UInt8]
    let body: [UInt8]
    let mayRepeat: Bool
    let isUrgent: Bool
    let signature: AWSSignature?

    /// Checks the request; throws `.badURL` or `.badRequest`.
    ///
    /// - Parameter usesLibcurl: whether libcurl carries it even where it need not.
    init(
        _ request: TransportRequest, to endpoint: UpstreamEndpoint, usesLibcurl: Bool
    ) throws(TransportError) {
        func refused(_ code: TransportError.Code, _ problem: String) -> TransportError {
            TransportError(code, context: "A request to \(endpoint.origin) \(problem)", wasSent: false)
        }
        if let problem = RequestPath.problem(of: request.path) { throw refused(.badURL, problem) }
        guard let kind = Self.kind(of: request) else {
            throw refused(.badRequest, "has a method that is not an HTTP method")
        }
        let parts = endpoint.parts
        let address = usesLibcurl || request.signature != nil ? nil : parts.plainAddress
        var block = HeaderBlock(address == nil ? .curl : .wire, for: request.headers)
        block.begin(request.method, parts, request.path)
        block.append(request.headers, isSigned: request.signature != nil)
        if let signature = request.signature {
            if let problem = signature.problem { throw refused(.badRequest, problem) }
            if let token = signature.sessionToken { block.append("X-Amz-Security-Token", token) }
        }
        if let position = block.malformedPosition {
            throw refused(.badRequest, "has a malformed header field at position \(position)")
        }
        self.endpoint = endpoint
        method = request.method
        self.kind = kind
        plainAddress = address
        url = address == nil ? parts.baseURL + request.path : ""
        headerBlock = block.finish(kind == .post ? request.body.count : nil)
        body = request.body
        mayRepeat = request.mayRepeat
        isUrgent = request.isUrgent
        signature = request.signature
    }

    /// Nil: not a method to be sent on.
    private static func kind(of request: TransportRequest) -> Kind? {
        switch request.method {
        case "POST", "PUT", "PATCH": return .post
        case "GET": return request.body.isEmpty ? .get : .post
        case "HEAD": return request.body.isEmpty ? .head : .post
        case "CONNECT": return nil
        default:
            guard FieldRules.isToken(request.method) else { return nil }
            return request.body.isEmpty ? .custom : .post
        }
    }
}
