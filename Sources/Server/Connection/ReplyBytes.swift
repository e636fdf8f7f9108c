import Gateway
import NIOCore
import NIOHTTP1

/// A reply's status and fields, with what they say of the connection.
struct ReplyHead {
    let status: Int
    let fields: HeaderFields
    let framing: ReplyBytes.Framing
    /// The connection ends with the reply.
    let closes: Bool
    /// It is HTTP/1.0, and does not.
    let keepsAlive: Bool
    let date: String
}

/// How a reply stands on a connection.
enum ReplyBytes {
    /// How the end of the body is told.
    enum Framing: Equatable {
        /// There is no body, and a length only if the reply tells one.
        case none
        /// So many bytes.
        case length(Int)
        /// In chunks.
        case chunked
        /// By the end of the connection, for HTTP/1.0.
        case closing
    }

    /// Writes status line and fields.
    static func write(_ head: ReplyHead, into bytes: inout [UInt8]) {
        let (status, framing) = (head.status, head.framing)
        if status == 200 {
            bytes.append("HTTP/1.1 200 OK\r\n")
        } else {
            bytes.append("HTTP/1.1 ")
            bytes.append(decimal: status)
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: HTTPResponseStatus(statusCode: status).reasonPhrase.utf8)
            bytes.append("\r\n")
        }
        let start = bytes.count
        var fields = write(head.fields, into: &bytes) { _, _ in true }
        if !isClean(bytes.span.extracting(start..<bytes.count), lines: fields.lines) {
            bytes.removeLast(bytes.count - start)
            fields = write(head.fields, into: &bytes) { isClean($0) && isClean($1) }
        }
        if !fields.hasDate {
            bytes.append("date: ")
            bytes.append(contentsOf: head.date.utf8)
            bytes.append("\r\n")
        }
        switch framing {
        case .length(let count): writeLength(count, into: &bytes)
        case .chunked: bytes.append("transfer-encoding: chunked\r\n")
        case .none:
            let isSilent = status == 204 || status == 304 && fields.length == nil
            if !isSilent, let length = number(fields.length ?? "0") { writeLength(length, into: &bytes) }
        case .closing: break
        }
        if head.closes {
            bytes.append("connection: close\r\n")
        } else if head.keepsAlive {
            bytes.append("connection: keep-alive\r\n")
        }
        bytes.append("\r\n")
    }

    /// What was written of a reply's fields, and what was not.
    private struct Fields {
        var lines = 0
        var hasDate = false
        var length: String?
    }

    private static func write(
        _ fields: HeaderFields, into bytes: inout [UInt8], where isWanted: (String, String) -> Bool
    ) -> Fields {
        var written = Fields()
        for (name, value) in fields {
            switch kind(of: name) {
            case .framing: continue
            case .length:
                written.length = value
                continue
            case .date: written.hasDate = true
            case .plain: break
            }
            guard isWanted(name, value) else { continue }
            bytes.append(contentsOf: name.utf8)
            bytes.append(": ")
            bytes.append(contentsOf: value.utf8)
            bytes.append("\r\n")
            written.lines += 1
        }
        return written
    }

    /// Whether no line end stands in the lines but their own; false for a tab, too.
    private static func isClean(_ bytes: Span<UInt8>, lines: Int) -> Bool {
        let (tops, rests): (UInt64, UInt64) = (0x8080_8080_8080_8080, 0x7F7F_7F7F_7F7F_7F7F)
        let raw = unsafe bytes.bytes
        var controls = 0
        var at = 0
        while at &+ 8 <= bytes.count {
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self)
            // The top bit of each byte that is below 0x0E.
            let low = (0x8D8D_8D8D_8D8D_8D8D &- (word & rests)) & ~word & tops
            controls &+= low.nonzeroBitCount
            at &+= 8
        }
        while at < bytes.count {
            controls &+= bytes[at] < 0x0E ? 1 : 0
            at &+= 1
        }
        return controls == 2 &* lines
    }

    /// Writes what stands before a chunk's bytes; never for an empty one, which would end the body.
    static func beginChunk(_ count: Int, into bytes: inout [UInt8]) {
        bytes.append(hexadecimal: UInt(count))
        bytes.append("\r\n")
    }

    /// The head as HTTP/2 has it: names in lower case, nothing of the connection.
    static func http2(_ head: ReplyHead) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        var length: String?
        for (name, value) in head.fields {
            switch kind(of: name) {
            case .framing: continue
            case .length: length = value
            case .date, .plain: if isClean(name), isClean(value) { headers.add(name: name.lowercased(), value: value) }
            }
        }
        if !headers.contains(name: "date") { headers.add(name: "date", value: head.date) }
        switch head.framing {
        case .length(let bytes): headers.add(name: "content-length", value: String(bytes))
        case .none: if let length, Int(length) != nil { headers.add(name: "content-length", value: length) }
        case .chunked, .closing: break
        }
        return HTTPResponseHead(
            version: .http2, status: HTTPResponseStatus(statusCode: head.status), headers: headers)
    }

    private static func writeLength(_ length: Int, into bytes: inout [UInt8]) {
        bytes.append("content-length: ")
        bytes.append(decimal: length)
        bytes.append("\r\n")
    }

    /// The number, if the text is nothing but its digits.
    private static func number(_ text: String) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    private enum Kind {
        case plain
        case date
        case length
        case framing
    }

    /// What a field is; those of one connection are not the message's.
    private static func kind(of name: String) -> Kind {
        switch name.utf8.count {
        case 2: FieldName.matches(name, "te") ? .framing : .plain
        case 4: FieldName.matches(name, "date") ? .date : .plain
        case 7: FieldName.matches(name, "upgrade") || FieldName.matches(name, "trailer") ? .framing : .plain
        case 10: FieldName.matches(name, "connection") || FieldName.matches(name, "keep-alive") ? .framing : .plain
        case 14: FieldName.matches(name, "content-length") ? .length : .plain
        case 16: FieldName.matches(name, "proxy-connection") ? .framing : .plain
        case 17: FieldName.matches(name, "transfer-encoding") ? .framing : .plain
        case 18: FieldName.matches(name, "proxy-authenticate") ? .framing : .plain
        default: .plain
        }
    }

    /// Whether the text cannot end its line.
    private static func isClean(_ text: String) -> Bool {
        for byte in text.utf8 where byte == 0x0D || byte == 0x0A || byte == 0 { return false }
        return true
    }
}
