/// Searches that read eight bytes at a time.
///
/// A byte test on a word uses the borrow trick: `(word - k) & ~word & 0x80…` marks every byte below `k`. The lowest
/// mark is always right (a borrow only reaches higher bytes), and the lowest is all that is used.
enum ByteScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// The first place from `start` on with a quote, a backslash, a control character or a non-ASCII byte.
    @inline(__always)
    static func endOfPlainRun(_ text: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        let bytes = unsafe text.bytes
        while at &+ 8 <= text.count {
            let word = littleEndianWord(bytes, at)
            let marks =
                zeroBytes(word ^ (ones &* 0x22)) | zeroBytes(word ^ (ones &* 0x5C))
                | ((word &- ones &* 0x20) & ~word & tops) | (word & tops)
            if marks != 0 { return at &+ marks.trailingZeroBitCount / 8 }
            at &+= 8
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
        var at = start
        let bytes = unsafe text.bytes
        let pattern = ones &* UInt64(byte)
        while at &+ 8 <= end {
            let marks = zeroBytes(littleEndianWord(bytes, at) ^ pattern)
            if marks != 0 { return at &+ marks.trailingZeroBitCount / 8 }
            at &+= 8
        }
        while at < end, text[at] != byte { at &+= 1 }
        return at
    }

    /// The first place in `start..<end` with either byte, or `end`.
    @inline(__always)
    static func first(_ one: UInt8, or other: UInt8, in text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var at = start
        let bytes = unsafe text.bytes
        let (onePattern, otherPattern) = (ones &* UInt64(one), ones &* UInt64(other))
        while at &+ 8 <= end {
            let word = littleEndianWord(bytes, at)
            let marks = zeroBytes(word ^ onePattern) | zeroBytes(word ^ otherPattern)
            if marks != 0 { return at &+ marks.trailingZeroBitCount / 8 }
            at &+= 8
        }
        while at < end, text[at] != one, text[at] != other { at &+= 1 }
        return at
    }

    @inline(__always)
    private static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & tops }

    @inline(__always)
    static func littleEndianWord(_ bytes: RawSpan, _ at: Int) -> UInt64 {
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
    }

    /// Marks the top bit of the first byte of the word that is `byte`, and possibly of later ones.
    @inline(__always)
    static func marks(of byte: UInt8, in word: UInt64) -> UInt64 { zeroBytes(word ^ (ones &* UInt64(byte))) }
}
