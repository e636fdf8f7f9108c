/// An upstream's final status and header fields, and the body as it arrives.
public struct TransportResponse: Sendable {
    /// The status code, 200 to 599 as a rule; redirects are not followed.
    public let status: Int
    /// The end-to-end header fields, in order; hop-by-hop fields are gone, content codings untouched.
    public let headers: TransportHeaders
    /// The body's bytes, undecoded except for the transfer coding.
    public let body: TransportBody

    /// The value of the first field of this name, compared without case.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}

/// What stands before the body.
struct ResponseHead: Sendable {
    var status: Int
    var headers: TransportHeaders
}
