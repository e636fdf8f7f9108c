/// Ranges of Unicode scalars as sequences of byte sets, so that a match is well-formed UTF-8 throughout.
enum ScalarRange {
    /// The language of the UTF-8 forms of all scalars in the ranges; surrogates are none.
    static func node(_ ranges: [ClosedRange<UInt32>]) -> GrammarNode {
        var ascii = ByteSet()
        var hasASCII = false
        var longer: [GrammarNode] = []
        for range in ranges {
            for part in pieces(range) {
                if part.upperBound < 0x80 {
                    ascii.insert(UInt8(part.lowerBound)...UInt8(part.upperBound))
                    hasASCII = true
                } else {
                    longer.append(contentsOf: sequences(part).map { .sequence($0.map(GrammarNode.set)) })
                }
            }
        }
        return .choice((hasASCII ? [.set(ascii)] : []) + longer)
    }

    /// All scalars that no range covers.
    static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var next: UInt32 = 0
        var rest: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { rest.append(next...range.lowerBound - 1) }
            next = max(next, range.upperBound + 1)
        }
        if next <= 0x10FFFF { rest.append(next...0x10FFFF) }
        return rest
    }

    /// Cuts where the UTF-8 length changes, and leaves out the surrogates.
    private static func pieces(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
        let blocks: [ClosedRange<UInt32>] = [
            0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF,
        ]
        return blocks.compactMap { $0.overlaps(range) ? $0.clamped(to: range) : nil }
    }

    /// Byte sets, one after the other, for a range of scalars whose forms are equally long.
    private static func sequences(_ range: ClosedRange<UInt32>) -> [[ByteSet]] {
        split(bytes(range.lowerBound), bytes(range.upperBound))
    }

    private static func bytes(_ scalar: UInt32) -> [UInt8] {
        let tail = { (shift: UInt32) in UInt8(0x80 | scalar >> shift & 0x3F) }
        if scalar < 0x800 { return [UInt8(0xC0 | scalar >> 6), tail(0)] }
        if scalar < 0x10000 { return [UInt8(0xE0 | scalar >> 12), tail(6), tail(0)] }
        return [UInt8(0xF0 | scalar >> 18), tail(12), tail(6), tail(0)]
    }

    private static func split(_ low: [UInt8], _ high: [UInt8]) -> [[ByteSet]] {
        guard low.count > 1 else { return [[ByteSet(low[0]...high[0])]] }
        let (lowTail, highTail) = (Array(low.dropFirst()), Array(high.dropFirst()))
        if low[0] == high[0] { return split(lowTail, highTail).map { [ByteSet(low[0]...low[0])] + $0 } }
        let least = [UInt8](repeating: 0x80, count: lowTail.count)
        let most = [UInt8](repeating: 0xBF, count: lowTail.count)
        var all: [[ByteSet]] = []
        var first = low[0]
        var last = high[0]
        if lowTail != least {
            all += split(lowTail, most).map { [ByteSet(low[0]...low[0])] + $0 }
            first += 1
        }
        var end: [[ByteSet]] = []
        if highTail != most {
            end = split(least, highTail).map { [ByteSet(high[0]...high[0])] + $0 }
            last -= 1
        }
        if first <= last {
            all.append([ByteSet(first...last)] + least.map { _ in ByteSet(0x80...0xBF) })
        }
        return all + end
    }
}
