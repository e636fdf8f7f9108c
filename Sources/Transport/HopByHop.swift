/// Which header fields belong to one connection only and are dropped in both directions (RFC 9110, 7.6.1).
enum HopByHop {
    /// Lower-case names by their length: most fields are kept after a look at the length alone.
    private static let byLength: [[String]] = {
        let names = [
            "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-authentication-info",
            "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        ]
        return (0...25).map { length in names.filter { $0.utf8.count == length } }
    }()

    /// Whether a request's field ends here; on requests the transport sets three more fields itself.
    static func isDroppedFromRequest(_ name: String, _ nominated: [String]) -> Bool {
        isDropped(name, nominated) || FieldRules.equal(name, "host") || FieldRules.equal(name, "content-length")
            || FieldRules.equal(name, "expect")
    }

    /// The fields of a response that go on to the client.
    ///
    /// A `Content-Length` beside a `Transfer-Encoding` does not describe the body and goes too (RFC 9112, 6.3).
    static func endToEndResponse(_ headers: TransportHeaders) -> TransportHeaders {
        var nominated = nominated(by: headers)
        if headers.contains(where: { FieldRules.equal($0.name, "transfer-encoding") }) {
            nominated.append("content-length")
        }
        guard headers.contains(where: { isDropped($0.name, nominated) }) else { return headers }
        return headers.filter { !isDropped($0.name, nominated) }
    }

    /// The further fields, in lower case, that `Connection` declares to belong to this connection.
    static func nominated(by headers: TransportHeaders) -> [String] {
        var names: [String] = []
        for (name, value) in headers where FieldRules.equal(name, "connection") {
            if FieldRules.equal(value, "keep-alive") || FieldRules.equal(value, "close") { continue }
            names += value.split(separator: ",").map { $0.lowercased().filter { $0 != " " && $0 != "\t" } }
        }
        return names
    }

    private static func isDropped(_ name: String, _ nominated: [String]) -> Bool {
        let length = name.utf8.count
        if length < byLength.count, byLength[length].contains(where: { FieldRules.equal(name, $0) }) { return true }
        return !nominated.isEmpty && nominated.contains { FieldRules.equal(name, $0) }
    }
}
