/// Well-formed UTF-8 (Unicode 15, table 3-7).
enum UTF8Scan {
    /// The length of the well-formed multi-byte sequence at `at`, or 0 if there is none.
    @inline(__always)
    static func sequenceLength(_ text: Span<UInt8>, _ at: Int) -> Int {
        let left = text.count - at
        let first = text[at]
        switch first {
        case 0xC2...0xDF:
            return left >= 2 && isContinuation(text[at + 1]) ? 2 : 0
        case 0xE0...0xEF:
            guard left >= 3, isContinuation(text[at + 1]), isContinuation(text[at + 2]) else { return 0 }
            if first == 0xE0 && text[at + 1] < 0xA0 { return 0 }
            if first == 0xED && text[at + 1] > 0x9F { return 0 }
            return 3
        case 0xF0...0xF4:
            guard left >= 4, isContinuation(text[at + 1]), isContinuation(text[at + 2]),
                isContinuation(text[at + 3])
            else { return 0 }
            if first == 0xF0 && text[at + 1] < 0x90 { return 0 }
            if first == 0xF4 && text[at + 1] > 0x8F { return 0 }
            return 4
        default:
            return 0
        }
    }

    /// The length of a sequence that starts with this byte, which is not a continuation.
    static func length(startingWith byte: UInt8) -> Int {
        byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    }

    /// True for the second and later bytes of a multi-byte sequence.
    @inline(__always)
    static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    /// The number of UTF-8 bytes of a scalar value.
    static func width(_ value: UInt32) -> Int {
        value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4
    }
}

extension OutputSpan<UInt8> {
    /// Adds a stretch of a text.
    @inline(__always)
    mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
        for at in range { append(text[at]) }
    }
}
