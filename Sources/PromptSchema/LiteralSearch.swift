/// Finds the places of one literal in linear time (Knuth, Morris, Pratt 1977), overlapping places included.
struct LiteralSearch {
    let pattern: [UInt8]
    private let failure: [Int]

    init(_ pattern: [UInt8]) {
        self.pattern = pattern
        var failure = [Int](repeating: 0, count: pattern.count)
        var length = 0
        for index in pattern.indices.dropFirst() {
            while length > 0, pattern[index] != pattern[length] { length = failure[length - 1] }
            if pattern[index] == pattern[length] { length += 1 }
            failure[index] = length
        }
        self.failure = failure
    }

    /// The offsets at which the whole literal stands inside `range` of `text`, ascending.
    func places(in text: [UInt8], _ range: Range<Int>) -> [Int] {
        var found: [Int] = []
        search(text, range) { place in
            found.append(place)
            return true
        }
        return found
    }

    /// The first such offset.
    func firstPlace(in text: [UInt8], _ range: Range<Int>) -> Int? {
        var found: Int?
        search(text, range) { place in
            found = place
            return false
        }
        return found
    }

    /// Calls `visit` at each place, as long as it returns true.
    private func search(_ text: [UInt8], _ range: Range<Int>, _ visit: (Int) -> Bool) {
        guard !pattern.isEmpty, range.count >= pattern.count else { return }
        let bytes = text.span
        var length = 0
        var index = range.lowerBound
        while index < range.upperBound {
            if length == 0 {
                index = placeOfOpening(bytes, index, range.upperBound)
                guard index < range.upperBound else { return }
            }
            let byte = bytes[index]
            while length > 0, byte != pattern[length] { length = failure[length - 1] }
            if byte == pattern[length] { length += 1 }
            index += 1
            if length == pattern.count {
                if !visit(index - length) { return }
                length = failure[length - 1]
            }
        }
    }

    /// The first place in `start..<end` where the literal's first two bytes stand, or `end` where there is none.
    @inline(__always)
    private func placeOfOpening(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var at = start
        let first = pattern[0]
        guard pattern.count > 1 else {
            while at < end, text[at] != first { at += 1 }
            return at
        }
        let second = pattern[1]
        let bytes = unsafe text.bytes
        let firsts = SIMD16<UInt8>(repeating: first)
        let seconds = SIMD16<UInt8>(repeating: second)
        while at + 17 <= end {
            let block = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self)
            let next = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at + 1, as: SIMD16<UInt8>.self)
            let isFirst: SIMDMask<SIMD16<Int8>> = block .== firsts
            let isSecond: SIMDMask<SIMD16<Int8>> = next .== seconds
            let words = unsafe unsafeBitCast(isFirst .& isSecond, to: SIMD2<UInt64>.self)
            if words.x != 0 { return at + UInt64(littleEndian: words.x).trailingZeroBitCount / 8 }
            if words.y != 0 { return at + 8 + UInt64(littleEndian: words.y).trailingZeroBitCount / 8 }
            at += 16
        }
        while at + 1 < end, text[at] != first || text[at + 1] != second { at += 1 }
        return at + 1 < end ? at : end
    }
}
