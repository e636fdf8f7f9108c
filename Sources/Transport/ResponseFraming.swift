/// How the end of a response's body is found (RFC 9112, 6.3), and whether the connection is good for another exchange.
struct ResponseFraming {
    /// What ends the body.
    enum Body: Equatable {
        case length(Int)
        case chunked
        case connectionEnd
        /// A transfer coding nobody asked for.
        case unknownCoding
    }

    private(set) var body = Body.connectionEnd
    /// Whether the fields let the connection live on; a body that ends with it does not.
    private(set) var mayKeepAlive: Bool

    var keepsAlive: Bool { mayKeepAlive && body != .connectionEnd }

    /// Reads the fields of a header block.
    init(_ headers: TransportHeaders, isHTTP11: Bool) {
        mayKeepAlive = isHTTP11
        for (name, value) in headers {
            if FieldRules.equal(name, "content-length") {
                if case .connectionEnd = body, let length = Int(value) { body = .length(length) }
            } else if FieldRules.equal(name, "transfer-encoding") {
                let isFirst = body != .chunked && body != .unknownCoding
                body = isFirst && FieldRules.equal(value, "chunked") ? .chunked : .unknownCoding
            } else if FieldRules.equal(name, "connection") {
                for option in value.split(separator: ",") {
                    let option = option.lowercased().filter { $0 != " " && $0 != "\t" }
                    if option == "close" { mayKeepAlive = false }
                    if option == "keep-alive", !isHTTP11 { mayKeepAlive = true }
                }
            }
        }
    }
}
