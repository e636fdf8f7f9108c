import Gateway

/// A request head in the form that nearly all clients write, read in one pass.
///
/// `POST` or `GET`, a path, HTTP/1.1, fields of visible ASCII, lines that end with CR LF, a body of announced length or
/// none; nothing that changes the framing or the connection. There is one way to read such a head, so any reader that
/// knows HTTP reads the same. What is anything else, or not complete, is the library's parser's to read or to refuse.
struct PlainHead {
    let head: RequestHead
    /// The length of the head in bytes, its empty line included.
    let length: Int
    /// The length of the body behind it, in bytes.
    let bodyLength: Int

    /// A longer head, or one with more fields, is left to the parser, which knows the limits.
    private static let lengthLimit = 16 << 10
    private static let fieldLimit = 64

    /// The head that the bytes begin with; nil if it is not plain, or not all there.
    init?(_ bytes: Span<UInt8>) {
        let bytes = bytes.extracting(first: Self.lengthLimit)
        var reader = HeadReader()
        guard let method = reader.method(in: bytes), let target = reader.target(in: bytes),
            reader.pass(" HTTP/1.1\r\n", in: bytes)
        else {
            return nil
        }
        var fields: HeaderFields = []
        fields.reserveCapacity(12)
        var bodyLength: Int?
        while !reader.pass("\r\n", in: bytes) {
            guard fields.count < Self.fieldLimit, let field = reader.field(in: bytes) else { return nil }
            switch field.name.utf8.count {
            case 6 where FieldName.matches(field.name, "expect"): return nil
            case 7 where FieldName.matches(field.name, "upgrade"): return nil
            case 10 where FieldName.matches(field.name, "connection"):
                guard FieldName.matches(field.value, "keep-alive") else { return nil }
            case 14 where FieldName.matches(field.name, "content-length"):
                guard bodyLength == nil, let length = Self.number(field.value) else { return nil }
                bodyLength = length
            case 16 where FieldName.matches(field.name, "proxy-connection"): return nil
            case 17 where FieldName.matches(field.name, "transfer-encoding"): return nil
            default: break
            }
            fields.append((field.name, RequestHead.trimmed(field.value)))
        }
        head = RequestHead(method: method, target: target, isHTTP10: false, fields: fields)
        length = reader.place
        self.bodyLength = bodyLength ?? 0
    }

    /// One to fifteen digits.
    private static func number(_ text: String) -> Int? {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}

/// Moves over a head's bytes from front to back.
private struct HeadReader {
    /// The next byte's place.
    private(set) var place = 0

    /// Moves behind the text; false, without moving, if the next bytes are others.
    mutating func pass(_ text: StaticString, in bytes: Span<UInt8>) -> Bool {
        let count = text.utf8CodeUnitCount
        guard place + count <= bytes.count else { return false }
        for index in 0..<count where unsafe bytes[place + index] != text.utf8Start[index] { return false }
        place += count
        return true
    }

    mutating func method(in bytes: Span<UInt8>) -> String? {
        if pass("POST ", in: bytes) { return "POST" }
        return pass("GET ", in: bytes) ? "GET" : nil
    }

    /// A path, perhaps with a query.
    mutating func target(in bytes: Span<UInt8>) -> String? {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "/") else { return nil }
        return text(in: bytes) { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
    }

    /// A name, a colon, a value, with the blanks behind it, and the line's end. Behind a length the library's parser knows
    /// no tab, so what the framing hangs on is compared with them.
    mutating func field(in bytes: Span<UInt8>) -> (name: String, value: String)? {
        let name = text(in: bytes, Self.isTokenByte)
        guard !name.isEmpty, pass(":", in: bytes) else { return nil }
        skip(in: bytes) { $0 == 0x20 || $0 == 0x09 }
        let value = text(in: bytes) { (0x20...0x7E).contains($0) || $0 == 0x09 }
        guard pass("\r\n", in: bytes) else { return nil }
        return (name, value)
    }

    @inline(__always)
    private mutating func skip(in bytes: Span<UInt8>, _ isWanted: (UInt8) -> Bool) {
        while place < bytes.count, isWanted(bytes[place]) { place += 1 }
    }

    @inline(__always)
    private mutating func text(in bytes: Span<UInt8>, _ isWanted: (UInt8) -> Bool) -> String {
        let start = place
        skip(in: bytes, isWanted)
        return unsafe bytes.extracting(start..<place).withUnsafeBufferPointer {
            unsafe String(decoding: $0, as: UTF8.self)
        }
    }

    /// The characters of a name (RFC 9110, 5.6.2), a bit for each.
    @inline(__always)
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        let set: UInt64 = byte < 64 ? 0x3FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return byte < 128 && set >> UInt64(byte & 63) & 1 != 0
    }
}
