import Gateway
import HTTPTypes

extension HTTPResponse {
    /// The head of a reply: its fields without those that frame the message on the wire, and the date.
    init(_ reply: ClientReply, date: String) {
        var fields = HTTPFields()
        for (name, value) in reply.headers {
            guard let name = HTTPField.Name(name), !Self.framing.contains(name.canonicalName) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        if !fields.contains(.date) { fields[.date] = date }
        self.init(status: .init(code: min(max(reply.status, 200), 599)), headerFields: fields)
    }

    /// What belongs to one connection, not to the message.
    private static let framing: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]

    /// Whether the answer has no body, whatever it says.
    func isBodyless(to method: HTTPRequest.Method) -> Bool {
        method == .head || status == .noContent || status == .notModified
    }
}

extension Received {
    /// The fields of a request as they came, `Host` aside.
    static func fields(_ fields: HTTPFields) -> HeaderFields {
        fields.map { ($0.name.rawName, $0.value) }
    }
}
