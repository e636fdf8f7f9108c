/// Resolves the escapes of a string that the scanner accepted and that has no lone surrogate.
enum JSONUnescape {
    /// The text of the content that stands in `range`, in UTF-8.
    static func text(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        // No escape is shorter than what it stands for, and a word may be stored past the end.
        var result = [UInt8](repeating: 0, count: range.count + 8)
        var length = 0
        var at = range.lowerBound
        while at < range.upperBound {
            let run = copyRun(text, at, range.upperBound, to: &result, length)
            at += run
            length += run
            guard at < range.upperBound, let escape = try? JSONEscape(text, at) else { break }
            at += escape.length
            length += put(escape.value, in: &result, at: length)
        }
        result.removeLast(result.count - length)
        return result
    }

    /// Copies what stands before the next backslash, eight bytes at a time, and returns its length.
    private static func copyRun(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, to result: inout [UInt8], _ length: Int
    ) -> Int {
        var out = result.mutableSpan
        var words = unsafe out.mutableBytes
        let bytes = unsafe text.bytes
        var run = 0
        while start + run + 8 <= end {
            let word = ByteScan.littleEndianWord(bytes, start + run)
            words.storeBytes(of: word.littleEndian, toByteOffset: length + run, as: UInt64.self)
            let marks = ByteScan.marks(of: UInt8(ascii: "\\"), in: word)
            if marks != 0 { return run + marks.trailingZeroBitCount / 8 }
            run += 8
        }
        while start + run < end, text[start + run] != UInt8(ascii: "\\") {
            words.storeBytes(of: text[start + run], toByteOffset: length + run, as: UInt8.self)
            run += 1
        }
        return run
    }

    private static func put(_ value: UInt32, in result: inout [UInt8], at length: Int) -> Int {
        if value < 0x80 {
            result[length] = UInt8(truncatingIfNeeded: value)
            return 1
        }
        let width = UTF8Scan.width(value)
        for index in 0..<width {
            let shift = UInt32(6 * (width - 1 - index))
            let lead: UInt32 = width == 2 ? 0xC0 : width == 3 ? 0xE0 : 0xF0
            let bits = value >> shift
            result[length + index] = UInt8(truncatingIfNeeded: index == 0 ? lead | bits : 0x80 | bits & 0x3F)
        }
        return width
    }
}
