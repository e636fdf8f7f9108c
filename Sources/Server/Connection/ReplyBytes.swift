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
    static func write(_ head: ReplyHead, into buffer: inout ByteBuffer) {
        let (status, framing) = (head.status, head.framing)
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(status))
        buffer.writeStaticString(" ")
        buffer.writeString(HTTPResponseStatus(statusCode: status).reasonPhrase)
        buffer.writeStaticString("\r\n")
        var hasDate = false
        var length: String?
        for (name, value) in head.fields {
            switch kind(of: name) {
            case .framing: continue
            case .length:
                length = value
                continue
            case .date: hasDate = true
            case .plain: break
            }
            guard isClean(name), isClean(value) else { continue }
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
            buffer.writeStaticString("\r\n")
        }
        if !hasDate {
            buffer.writeStaticString("date: ")
            buffer.writeString(head.date)
            buffer.writeStaticString("\r\n")
        }
        switch framing {
        case .length(let bytes): writeLength(String(bytes), into: &buffer)
        case .chunked: buffer.writeStaticString("transfer-encoding: chunked\r\n")
        case .none: if status != 204, status != 304 || length != nil { writeLength(length ?? "0", into: &buffer) }
        case .closing: break
        }
        if head.closes {
            buffer.writeStaticString("connection: close\r\n")
        } else if head.keepsAlive {
            buffer.writeStaticString("connection: keep-alive\r\n")
        }
        buffer.writeStaticString("\r\n")
    }

    /// Writes a chunk of a body; never an empty one, which would end it.
    static func writeChunk(_ bytes: [UInt8], into buffer: inout ByteBuffer) {
        buffer.writeString(String(bytes.count, radix: 16))
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(bytes)
        buffer.writeStaticString("\r\n")
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

    private static func writeLength(_ length: String, into buffer: inout ByteBuffer) {
        guard length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return }
        buffer.writeStaticString("content-length: ")
        buffer.writeString(length)
        buffer.writeStaticString("\r\n")
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
