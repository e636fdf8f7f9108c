/// A request as the scripted server read it, to the byte.
public struct RecordedRequest: Sendable {
    /// Which connection it came over, counted from 0 in the order of acceptance.
    public let connection: Int
    /// Which request of that connection it is, counted from 0.
    public let index: Int
    /// Everything up to and with the empty line.
    public let head: [UInt8]
    /// The body's bytes; a chunked body stands here decoded.
    public let body: [UInt8]

    /// Makes a record.
    public init(connection: Int, index: Int, head: [UInt8], body: [UInt8]) {
        self.connection = connection
        self.index = index
        self.head = head
        self.body = body
    }

    /// The head as text.
    public var headText: String { String(decoding: head, as: UTF8.self) }

    /// The body as text.
    public var bodyText: String { String(decoding: body, as: UTF8.self) }

    /// The method of the request line.
    public var method: String { requestLine(0) }

    /// The target of the request line: path and query as sent.
    public var target: String { requestLine(1) }

    /// The header lines as name and value, in order.
    public var headers: [(name: String, value: String)] {
        headText.split(separator: "\r\n").dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return (String(line[..<colon]), String(value))
        }
    }

    /// The value of the first header field of this name, compared without case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    private func requestLine(_ part: Int) -> String {
        let line = headText.prefix { $0 != "\r\n" }.split(separator: " ")
        return part < line.count ? String(line[part]) : ""
    }
}

/// What the scripted server does next on a connection. When the steps are used up, it reads the next request.
public enum ScriptedStep: Sendable {
    /// Sends exactly these bytes, blocking as long as the client does not read.
    case send([UInt8])
    /// Waits.
    case wait(milliseconds: Int)
    /// Waits until the signal is fired.
    case await(ScriptedSignal)
    /// Waits until the client closes its connection or the server stops.
    case hold
    /// Closes the connection in the orderly way (FIN).
    case close
    /// Tears the connection down (RST).
    case reset

    /// Sends this text as UTF-8.
    public static func text(_ text: String) -> ScriptedStep {
        .send([UInt8](text.utf8))
    }

    /// Sends a complete response with `Content-Length`.
    public static func response(
        _ status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) -> ScriptedStep {
        let fields = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let head = "HTTP/1.1 \(status) Scripted\r\n\(fields)Content-Length: \(body.count)\r\n\r\n"
        return .send([UInt8](head.utf8) + body)
    }

    /// Sends the head of a chunked response.
    public static func chunkedHead(
        _ status: Int = 200, headers: [(name: String, value: String)] = []
    ) -> ScriptedStep {
        let fields = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return .text("HTTP/1.1 \(status) Scripted\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n")
    }

    /// Sends one chunk of a chunked response; an empty one ends the response.
    public static func chunk(_ bytes: [UInt8]) -> ScriptedStep {
        .send([UInt8]((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [0x0D, 0x0A])
    }

    /// Sends one chunk of a chunked response.
    public static func chunk(_ text: String) -> ScriptedStep {
        .chunk([UInt8](text.utf8))
    }

    /// Ends a chunked response.
    public static var lastChunk: ScriptedStep { .chunk([UInt8]()) }
}

/// How much of a request the scripted server reads before it asks for the steps.
public enum ScriptedReading: Sendable {
    /// Head and body.
    case wholeRequest
    /// The head; the body stays unread, and the connection ends after the steps.
    case headOnly
    /// Nothing at all; the connection ends after the steps.
    case nothing
}
