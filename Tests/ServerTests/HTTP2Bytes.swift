/// Frames as a client of HTTP/2 sends them (RFC 9113), header blocks without tables and Huffman codes.
enum HTTP2Bytes {
    /// What a connection begins with, with no settings.
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(settings)

    /// The same for a client to which no body may be sent (SETTINGS_INITIAL_WINDOW_SIZE of 0).
    static let closedPreface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(settings, [0, 4, 0, 0, 0, 0])

    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let continuation: UInt8 = 9

    /// ACK of settings and pings, END_STREAM of the others.
    static let last: UInt8 = 1
    static let endHeaders: UInt8 = 4

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt8 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let count = payload.count
        let head: [UInt8] = [
            UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags, 0, 0, 0, stream,
        ]
        return head + payload
    }

    /// A GET with nothing behind it.
    static func get(_ target: String, stream: UInt8 = 1, _ fields: [(name: String, value: String)] = []) -> [UInt8] {
        var rest = block(target, fields)[...]
        var bytes: [UInt8] = []
        var type = headers
        repeat {
            let piece = Array(rest.prefix(16_384))
            rest = rest.dropFirst(piece.count)
            let flags = (type == headers ? last : 0) | (rest.isEmpty ? endHeaders : 0)
            bytes += frame(type, flags: flags, stream: stream, piece)
            type = continuation
        } while !rest.isEmpty
        return bytes
    }

    /// The header block of a GET (RFC 7541, appendix A has the numbers of the first four names).
    static func block(_ target: String, _ fields: [(name: String, value: String)] = []) -> [UInt8] {
        var bytes: [UInt8] = [0x82, 0x87, 0x04]
        bytes += string(target)
        bytes.append(0x01)
        bytes += string("localhost")
        for field in fields {
            bytes.append(0x00)
            bytes += string(field.name)
            bytes += string(field.value)
        }
        return bytes
    }

    private static func string(_ text: String) -> [UInt8] {
        let count = text.utf8.count
        if count < 127 { return [UInt8(count)] + Array(text.utf8) }
        var bytes: [UInt8] = [127]
        var rest = count - 127
        while rest >= 128 {
            bytes.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        bytes.append(UInt8(rest))
        return bytes + Array(text.utf8)
    }
}
