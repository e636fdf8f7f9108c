/// Assembles a response head from the header lines libcurl hands over one by one.
///
/// Interim responses (1xx) are skipped, trailers dropped. Everything counts towards the limits, so that neither a storm
/// of interim responses nor a giant trailer passes.
struct ResponseHeadParser {
    /// What a line led to.
    enum Event {
        case more
        case complete(ResponseHead)
    }

    /// Why a header block is refused.
    struct Fault: Error {
        let code: TransportError.Code
        let problem: String

        static func protocolViolation(_ problem: String) -> Fault {
            Fault(code: .protocolViolation, problem: problem)
        }
    }

    private let byteLimit: Int
    private let fieldLimit: Int
    private var bytes = 0
    private var fields = 0
    private var status = 0
    private var headers: TransportHeaders = []
    private var isHTTP11 = false
    private(set) var isComplete = false
    /// How the body ends; what the header block says once it is complete.
    private(set) var framing = ResponseFraming([], isHTTP11: false)

    init(byteLimit: Int, fieldLimit: Int) {
        self.byteLimit = byteLimit
        self.fieldLimit = fieldLimit
    }

    /// Takes the next line, line ending included.
    mutating func take(_ line: Span<UInt8>) throws(Fault) -> Event {
        bytes += line.count
        guard bytes <= byteLimit else {
            throw Fault(code: .tooManyHeaders, problem: "sent more than \(byteLimit) bytes of header fields")
        }
        let length = Self.lengthWithoutLineEnd(line)
        if isComplete { return .more }
        if status == 0 {
            try takeStatusLine(line, length)
            return .more
        }
        if length == 0 { return try endOfBlock() }
        fields += 1
        guard fields <= fieldLimit else {
            throw Fault(code: .tooManyHeaders, problem: "sent more than \(fieldLimit) header fields")
        }
        try takeField(line, length)
        return .more
    }

    private mutating func takeStatusLine(_ line: Span<UInt8>, _ length: Int) throws(Fault) {
        var index = 0
        while index < length, line[index] != UInt8(ascii: " ") { index += 1 }
        guard index >= 6, index + 3 < length, Self.begins(line, "HTTP/") else {
            throw .protocolViolation("sent a malformed status line")
        }
        isHTTP11 = Self.begins(line, "HTTP/1.") && line[7] != UInt8(ascii: "0")
        var code = 0
        for position in index + 1...index + 3 {
            guard (0x30...0x39).contains(line[position]) else {
                throw .protocolViolation("sent a malformed status line")
            }
            code = code * 10 + Int(line[position] - 0x30)
        }
        guard code >= 100 else { throw .protocolViolation("sent a malformed status line") }
        status = code
    }

    private mutating func takeField(_ line: Span<UInt8>, _ length: Int) throws(Fault) {
        var colon = 0
        while colon < length, FieldRules.isTokenByte(line[colon]) { colon += 1 }
        guard colon > 0, colon < length, line[colon] == UInt8(ascii: ":") else {
            throw .protocolViolation("sent a malformed header field")
        }
        var start = colon + 1
        var end = length
        while start < end, Self.isBlank(line[start]) { start += 1 }
        while end > start, Self.isBlank(line[end - 1]) { end -= 1 }
        let value = line.extracting(start..<end)
        guard FieldRules.isValue(value) else { throw .protocolViolation("sent a control character in a header field") }
        if headers.isEmpty { headers.reserveCapacity(16) }
        headers.append((Self.text(line.extracting(0..<colon)), Self.text(value)))
    }

    private mutating func endOfBlock() throws(Fault) -> Event {
        if status == 101 { throw .protocolViolation("switched protocols without being asked to") }
        guard status >= 200 else {
            status = 0
            headers.removeAll(keepingCapacity: true)
            return .more
        }
        try checkContentLength()
        isComplete = true
        framing = ResponseFraming(headers, isHTTP11: isHTTP11)
        let complete = ResponseHead(status: status, headers: HopByHop.endToEndResponse(headers))
        headers = []
        return .complete(complete)
    }

    /// Different lengths for one body are the raw material of response smuggling (RFC 9112, 6.3).
    private func checkContentLength() throws(Fault) {
        var seen: String?
        for header in headers where FieldRules.equal(header.name, "content-length") {
            guard !header.value.isEmpty, header.value.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                Int(header.value) != nil, seen == nil || seen == header.value
            else { throw .protocolViolation("sent contradictory or malformed Content-Length fields") }
            seen = header.value
        }
    }

    private static func lengthWithoutLineEnd(_ line: Span<UInt8>) -> Int {
        var length = line.count
        if length > 0, line[length - 1] == 0x0A { length -= 1 }
        if length > 0, line[length - 1] == 0x0D { length -= 1 }
        return length
    }

    private static func begins(_ line: Span<UInt8>, _ prefix: String) -> Bool {
        let prefix = prefix.utf8.span
        guard line.count > prefix.count else { return false }
        for index in prefix.indices where line[index] != prefix[index] { return false }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    /// The bytes as text: UTF-8 if they are that, else Latin-1, in which every byte is a character.
    private static func text(_ bytes: Span<UInt8>) -> String {
        if let utf8 = try? UTF8Span(validating: bytes) { return String(copying: utf8) }
        var scalars = String.UnicodeScalarView()
        for index in bytes.indices { scalars.append(Unicode.Scalar(bytes[index])) }
        return String(scalars)
    }
}
