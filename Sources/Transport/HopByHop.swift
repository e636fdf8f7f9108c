/// Which header fields belong to one connection only and are dropped in both directions (RFC 9110, 7.6.1).
enum HopByHop {
    private static let names: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-authentication-info",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    /// What the transport sets itself on a request.
    private static let ownedOnRequests: Set<String> = ["host", "content-length", "expect"]

    /// The fields of a request that go on to the upstream.
    static func endToEndRequest(_ headers: TransportHeaders) -> TransportHeaders {
        filter(headers, alsoDropping: ownedOnRequests)
    }

    /// The fields of a response that go on to the client.
    ///
    /// A `Content-Length` beside a `Transfer-Encoding` does not describe the body and goes too (RFC 9112, 6.3).
    static func endToEndResponse(_ headers: TransportHeaders) -> TransportHeaders {
        let isCoded = headers.contains { $0.name.utf8.count == 17 && $0.name.lowercased() == "transfer-encoding" }
        return filter(headers, alsoDropping: isCoded ? ["content-length"] : [])
    }

    private static func filter(_ headers: TransportHeaders, alsoDropping owned: Set<String>) -> TransportHeaders {
        var nominated: Set<String> = owned
        for header in headers where header.name.utf8.count == 10 && header.name.lowercased() == "connection" {
            for option in header.value.split(separator: ",") {
                nominated.insert(option.lowercased().filter { $0 != " " && $0 != "\t" })
            }
        }
        return headers.filter { header in
            let name = header.name.lowercased()
            return !names.contains(name) && !nominated.contains(name)
        }
    }
}
