public import ChatAPI

/// What goes back to the client.
public struct ClientReply: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The header fields; framing fields (`content-length` aside) are the server's own.
    public let headers: HeaderFields
    /// The body. If it throws, the client's connection must end as broken.
    public let body: ReplyStream
    /// How it went; nil if no backend was asked.
    public var trace: RequestTrace?

    /// Makes an answer.
    public init(status: Int, headers: HeaderFields, body: ReplyStream) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON answer.
    public init(status: Int = 200, json: [UInt8], requestID: String, headers: HeaderFields = []) {
        let fields: HeaderFields = [
            ("content-type", "application/json"), ("content-length", String(json.count)),
            (GatewayHeader.requestID, requestID),
        ]
        self.init(status: status, headers: fields + headers, body: ReplyStream(json))
    }

    /// An error in the envelope that clients expect.
    public init(_ error: APIError, requestID: String, headers: HeaderFields = []) {
        var fields = headers
        if let seconds = error.retryAfter { fields.append(("retry-after", String(seconds))) }
        self.init(status: error.status, json: error.body, requestID: requestID, headers: fields)
    }
}
