/// Searches that read sixteen bytes at a time.
enum ByteScan {
    /// The first place from `start` on with a quote, a backslash, a control character or a non-ASCII byte.
    @inline(__always)
    static func endOfPlainRun(_ text: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        let bytes = unsafe text.bytes
        while at &+ 2 &* ByteBlock.width <= text.count {
            let one = ByteBlock(bytes, at).endsPlainRun
            let other = ByteBlock(bytes, at &+ ByteBlock.width).endsPlainRun
            if !ByteBlock.isEmpty(one .| other) {
                let place = ByteBlock.first(of: one)
                return at &+ (place < ByteBlock.width ? place : place &+ ByteBlock.first(of: other))
            }
            at &+= 2 &* ByteBlock.width
        }
        while at < text.count {
            let byte = text[at]
            if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5C { return at }
            at &+= 1
        }
        return at
    }

    /// The first place in `start..<end` with the byte, or `end`.
    @inline(__always)
    static func first(_ byte: UInt8, in text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        first(in: text, start, end, { $0.equals(byte) }, { $0 == byte })
    }

    /// The first place in `start..<end` with either byte, or `end`.
    @inline(__always)
    static func first(_ one: UInt8, or other: UInt8, in text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        first(in: text, start, end, { $0.equals(one) .| $0.equals(other) }, { $0 == one || $0 == other })
    }

    /// The first place in `start..<end` with a quote or a bracket of JSON, or `end`.
    @inline(__always)
    static func firstBracketOrQuote(in text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        first(in: text, start, end, { $0.isBracketOrQuote }) { byte in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"): true
            default: false
            }
        }
    }

    /// The first place in `start..<end` that a test holds for, or `end`; the test comes for a block and for a byte.
    @inline(__always)
    private static func first(
        in text: Span<UInt8>, _ start: Int, _ end: Int, _ lanes: (ByteBlock) -> ByteBlock.Lanes,
        _ isOne: (UInt8) -> Bool
    ) -> Int {
        var at = start
        let bytes = unsafe text.bytes
        let stop = min(end, text.count)
        while at &+ ByteBlock.width <= stop {
            let found = lanes(ByteBlock(bytes, at))
            if !ByteBlock.isEmpty(found) { return at &+ ByteBlock.first(of: found) }
            at &+= ByteBlock.width
        }
        while at < stop, !isOne(text[at]) { at &+= 1 }
        return min(at, end)
    }
}
