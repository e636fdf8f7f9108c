/// One escape of a JSON string: how many raw bytes it takes and which scalar value it stands for.
struct JSONEscape {
    /// The raw bytes from the backslash on: 2, 6, or 12 for a surrogate pair.
    let length: Int
    /// The Unicode scalar value; a surrogate code point if it has no partner.
    let value: UInt32

    /// True if the escape is half of a surrogate pair without the other half.
    var isLoneSurrogate: Bool { value & ~0x7FF == 0xD800 }

    /// What a backslash and this byte stand for; nil if they are not a whole escape.
    @inline(__always)
    static func shortValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: nil
        }
    }

    /// Reads the escape whose backslash is at `start`.
    init(_ text: Span<UInt8>, _ start: Int) throws(JSONFault) {
        guard start + 1 < text.count else { throw JSONFault(reason: .unexpectedEnd, offset: text.count) }
        if let value = Self.shortValue(text[start + 1]) {
            self.init(length: 2, value: UInt32(value))
        } else if text[start + 1] == UInt8(ascii: "u") {
            let first = try Self.fourHexDigits(text, start)
            guard first & ~0x3FF == 0xD800, let second = Self.lowSurrogate(text, start + 6) else {
                self.init(length: 6, value: first)
                return
            }
            self.init(length: 12, value: 0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF))
        } else {
            throw JSONFault(reason: .invalidEscape, offset: start)
        }
    }

    private init(length: Int, value: UInt32) {
        self.length = length
        self.value = value
    }

    private static func lowSurrogate(_ text: Span<UInt8>, _ start: Int) -> UInt32? {
        guard start + 6 <= text.count, text[start] == UInt8(ascii: "\\"), text[start + 1] == UInt8(ascii: "u"),
            let value = try? fourHexDigits(text, start), value & ~0x3FF == 0xDC00
        else { return nil }
        return value
    }

    /// The value of the four digits after `\u`.
    private static func fourHexDigits(_ text: Span<UInt8>, _ start: Int) throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for at in start + 2..<start + 6 {
            guard at < text.count else { throw JSONFault(reason: .unexpectedEnd, offset: text.count) }
            let byte = text[at]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw JSONFault(reason: .invalidEscape, offset: start)
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
