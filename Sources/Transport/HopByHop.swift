/// Which header fields belong to one connection only and are dropped in both directions (RFC 9110, 7.6.1).
enum HopByHop {
    /// Lower-case names, and a bit for each of their lengths: most fields are kept after a look at the length alone.
    private struct NameSet {
        private(set) var names: Set<String> = []
        private var lengths: UInt64 = 0

        init(_ names: [String]) {
            for name in names { insert(name) }
        }

        mutating func insert(_ name: String) {
            names.insert(name)
            lengths |= Self.bit(name)
        }

        func contains(_ name: String) -> Bool {
            lengths & Self.bit(name) != 0 && names.contains(name.lowercased())
        }

        private static func bit(_ name: String) -> UInt64 {
            1 << UInt64(min(63, name.utf8.count))
        }
    }

    private static let connectionNames = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-authentication-info",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]
    private static let connection = NameSet(["connection"])
    private static let transferEncoding = NameSet(["transfer-encoding"])
    private static let onResponses = NameSet(connectionNames)
    /// On requests the transport sets three more fields itself.
    private static let onRequests = NameSet(connectionNames + ["host", "content-length", "expect"])

    /// The fields of a request that go on to the upstream.
    static func endToEndRequest(_ headers: TransportHeaders) -> TransportHeaders {
        filter(headers, onRequests)
    }

    /// The fields of a response that go on to the client.
    ///
    /// A `Content-Length` beside a `Transfer-Encoding` does not describe the body and goes too (RFC 9112, 6.3).
    static func endToEndResponse(_ headers: TransportHeaders) -> TransportHeaders {
        var dropped = onResponses
        if headers.contains(where: { transferEncoding.contains($0.name) }) { dropped.insert("content-length") }
        return filter(headers, dropped)
    }

    private static func filter(_ headers: TransportHeaders, _ names: NameSet) -> TransportHeaders {
        var dropped = names
        for header in headers where connection.contains(header.name) {
            for option in header.value.split(separator: ",") {
                dropped.insert(option.lowercased().filter { $0 != " " && $0 != "\t" })
            }
        }
        return headers.filter { !dropped.contains($0.name) }
    }
}
