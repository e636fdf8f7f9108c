/// Sixteen bytes of a text, and tests of all of them at once.
///
/// A test gives a mask whose lanes are all ones or all zeros; masks are joined with `.|` and looked at as two words.
struct ByteBlock {
    /// The lanes for which a test holds.
    typealias Lanes = SIMDMask<SIMD16<Int8>>

    private typealias Bytes = SIMD16<UInt8>

    /// The number of bytes.
    static let width = 16

    private let bytes: Bytes

    /// The bytes from `at` on; the caller has checked that `at..<at + 16` lies inside the text.
    @inline(__always)
    init(_ text: RawSpan, _ at: Int) {
        bytes = unsafe text.unsafeLoadUnaligned(fromByteOffset: at, as: Bytes.self)
    }

    @inline(__always)
    private init(_ bytes: Bytes) { self.bytes = bytes }

    /// Writes the bytes; the place must have room for all of them.
    @inline(__always)
    func store(in text: inout MutableRawSpan, at offset: Int) {
        text.storeBytes(of: bytes, toByteOffset: offset, as: Bytes.self)
    }

    /// The lanes with this byte.
    @inline(__always)
    func equals(_ byte: UInt8) -> Lanes { bytes .== Self.all(byte) }

    /// The lanes with this byte or a greater one.
    @inline(__always)
    private func atLeast(_ byte: UInt8) -> Lanes { bytes .>= Self.all(byte) }

    /// The lanes with a smaller byte.
    @inline(__always)
    private func below(_ byte: UInt8) -> Lanes { bytes .< Self.all(byte) }

    /// The lanes with a quote, a backslash or a control character: what ends a run of a JSON string.
    @inline(__always)
    var endsRun: Lanes { equals(UInt8(ascii: "\"")) .| equals(UInt8(ascii: "\\")) .| below(0x20) }

    /// The lanes that end a run, or hold a byte of a character beyond ASCII.
    @inline(__always)
    var endsPlainRun: Lanes {
        // One comparison for both: what is below 0x20 wraps around to the top.
        let isOutside: Lanes = (bytes &- Self.all(0x20)) .>= Self.all(0x60)
        return equals(UInt8(ascii: "\"")) .| equals(UInt8(ascii: "\\")) .| isOutside
    }

    /// The lanes with a quote, a bracket or a brace.
    @inline(__always)
    var isBracketOrQuote: Lanes {
        // Brackets and braces differ in one bit.
        let folded = ByteBlock(bytes | Self.all(0x20))
        let quotes = equals(UInt8(ascii: "\""))
        return quotes .| folded.equals(UInt8(ascii: "{")) .| folded.equals(UInt8(ascii: "}"))
    }

    /// The lanes with a byte of a character beyond ASCII.
    @inline(__always)
    var isBeyondASCII: Lanes { atLeast(0x80) }

    /// The lanes at which the text stops being well-formed UTF-8 (Unicode 15, table 3-7).
    ///
    /// - Parameters:
    ///   - one: the sixteen bytes that start one byte earlier; `two` and `three` start two and three earlier.
    @inline(__always)
    func breaksUTF8(after one: ByteBlock, _ two: ByteBlock, _ three: ByteBlock) -> Lanes {
        let isContinuation: Lanes = (bytes & Self.all(0xC0)) .== Self.all(0x80)
        let mustContinue: Lanes = one.atLeast(0xC0) .| two.atLeast(0xE0) .| three.atLeast(0xF0)
        let isTooLong: Lanes = (bytes & Self.all(0xFE)) .== Self.all(0xC0)
        let threeTooLong: Lanes = one.equals(0xE0) .& below(0xA0)
        let fourTooLong: Lanes = one.equals(0xF0) .& below(0x90)
        let isSurrogate: Lanes = one.equals(0xED) .& atLeast(0xA0)
        let isBeyondUnicode: Lanes = one.equals(0xF4) .& atLeast(0x90)
        let isNoLead: Lanes = atLeast(0xF5)
        let misplaced: Lanes = isContinuation .^ mustContinue
        return misplaced .| isTooLong .| threeTooLong .| fourTooLong .| isSurrogate .| isBeyondUnicode .| isNoLead
    }

    @inline(__always)
    private static func all(_ byte: UInt8) -> Bytes { Bytes(repeating: byte) }

    /// The first of the lanes, or 16 if there is none.
    @inline(__always)
    static func first(of lanes: Lanes) -> Int {
        let words = unsafe unsafeBitCast(lanes, to: SIMD2<UInt64>.self)
        let low = UInt64(littleEndian: words.x)
        if low != 0 { return low.trailingZeroBitCount / 8 }
        return 8 &+ UInt64(littleEndian: words.y).trailingZeroBitCount / 8
    }

    /// True if none of the lanes is set.
    @inline(__always)
    static func isEmpty(_ lanes: Lanes) -> Bool {
        let words = unsafe unsafeBitCast(lanes, to: SIMD2<UInt64>.self)
        return words.x | words.y == 0
    }
}
