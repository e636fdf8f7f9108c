/// Header fields in the order in which they stand on the wire; names keep their spelling.
public typealias TransportHeaders = [(name: String, value: String)]

/// One request as it is to reach the upstream.
///
/// Hop-by-hop fields, fields nominated by `Connection`, `Host`, `Content-Length` and `Expect` are left out on the wire or
/// set by the transport; every other field goes out as given, in order, and none is added.
public struct TransportRequest: Sendable {
    /// The method, in the client's spelling.
    public var method: String
    /// The path with its query, starting with `/`; it is appended to the path of the upstream's base URL.
    public var path: String
    /// The header fields, in order.
    public var headers: TransportHeaders
    /// The body; empty means none, except that POST, PUT and PATCH then say `Content-Length: 0`.
    public var body: [UInt8]
    /// Whether the request may go out a second time when a kept-alive connection turns out dead before any response byte.
    ///
    /// The upstream may have acted on the first copy, so the default is false for POST, PATCH and unknown methods.
    public var mayRepeat: Bool
    /// Whether somebody waits for the answer's beginning: then neither the request nor that waits for others to go on their
    /// way together. Default: false.
    public var isUrgent = false
    /// Signs the request for AWS; fields named `Authorization` and `X-Amz-*` are then left out. Default: nil.
    public var signature: AWSSignature?

    /// Makes a request; `mayRepeat` follows from the method (RFC 9110, 9.2.2) unless given.
    public init(
        method: String, path: String, headers: TransportHeaders = [], body: [UInt8] = [], mayRepeat: Bool? = nil,
        signature: AWSSignature? = nil
    ) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.mayRepeat = mayRepeat ?? ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(method)
        self.signature = signature
    }
}
