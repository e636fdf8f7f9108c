/// Resolves the escapes of a string that the scanner accepted and that has no lone surrogate.
enum JSONUnescape {
    /// The text of the content that stands in `range`, in UTF-8.
    ///
    /// - Parameter limit: no more than this many bytes are wanted; after them the text ends soon, perhaps inside a character.
    static func text(_ text: Span<UInt8>, _ range: Range<Int>, limit: Int = .max) -> [UInt8] {
        // No escape is shorter than what it stands for, and a block may be stored past the end.
        let limit = min(limit, range.count)
        var result = [UInt8](repeating: 0, count: limit + 4 + ByteBlock.width)
        var length = 0
        var at = range.lowerBound
        while at < range.upperBound, length < limit {
            let stop = min(range.upperBound, at + (limit - length))
            let run = copyRun(text, at..<stop, to: &result, length)
            at += run
            length += run
            guard at < stop else { continue }
            if let byte = JSONEscape.shortValue(text[at + 1]) {
                result[length] = byte
                length += 1
                at += 2
            } else {
                guard let escape = try? JSONEscape(text, at) else { break }
                length += put(escape.value, in: &result, at: length)
                at += escape.length
            }
        }
        result.removeLast(result.count - length)
        return result
    }

    /// Copies what stands before the next backslash, a block at a time, and returns its length.
    @inline(__always)
    private static func copyRun(
        _ text: Span<UInt8>, _ range: Range<Int>, to result: inout [UInt8], _ length: Int
    ) -> Int {
        var out = result.mutableSpan
        var stored = unsafe out.mutableBytes
        let bytes = unsafe text.bytes
        var run = 0
        while range.lowerBound &+ run &+ ByteBlock.width <= range.upperBound {
            let block = ByteBlock(bytes, range.lowerBound &+ run)
            block.store(in: &stored, at: length &+ run)
            let escapes = block.equals(UInt8(ascii: "\\"))
            if !ByteBlock.isEmpty(escapes) { return run &+ ByteBlock.first(of: escapes) }
            run &+= ByteBlock.width
        }
        while range.lowerBound &+ run < range.upperBound, text[range.lowerBound &+ run] != UInt8(ascii: "\\") {
            stored.storeBytes(of: text[range.lowerBound &+ run], toByteOffset: length &+ run, as: UInt8.self)
            run &+= 1
        }
        return run
    }

    private static func put(_ value: UInt32, in result: inout [UInt8], at length: Int) -> Int {
        let width = UTF8Scan.width(value)
        guard width > 1 else {
            result[length] = UInt8(truncatingIfNeeded: value)
            return 1
        }
        for index in 0..<width {
            let lead: UInt32 = width == 2 ? 0xC0 : width == 3 ? 0xE0 : 0xF0
            let bits = value >> UInt32(6 * (width - 1 - index))
            result[length + index] = UInt8(truncatingIfNeeded: index == 0 ? lead | bits : 0x80 | bits & 0x3F)
        }
        return width
    }

    /// By how many bytes the content is longer than its text.
    static func excess(_ text: Span<UInt8>, _ range: Range<Int>) -> Int {
        var excess = 0
        var at = ByteScan.first(UInt8(ascii: "\\"), in: text, range.lowerBound, range.upperBound)
        while at < range.upperBound, let escape = try? JSONEscape(text, at) {
            excess += escape.length - UTF8Scan.width(escape.value)
            at = ByteScan.first(UInt8(ascii: "\\"), in: text, at + escape.length, range.upperBound)
        }
        return excess
    }
}
