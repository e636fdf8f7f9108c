import Foundation

/// Text in Unicode's normal form C, with the way back to the places in the original text.
///
/// Composition never crosses the border of a grapheme cluster, so each cluster is composed on its own, and places map
/// exactly outside the clusters that changed. Ill-formed UTF-8 stays as it is.
struct CanonicalComposition {
    /// A cluster that composition rewrote.
    private struct Rewrite {
        var composed: Range<Int>
        var original: Range<Int>
    }

    private(set) var bytes: [UInt8] = []
    private var rewrites: [Rewrite] = []

    /// The composed text, or nil if `text` is composed already.
    static func compose(_ text: ArraySlice<UInt8>) -> CanonicalComposition? {
        // Below U+0300 nothing composes; its UTF-8 starts with 0xCC.
        guard text.contains(where: { $0 >= 0xCC }) else { return nil }
        var result = CanonicalComposition()
        let span = text.span
        var start = 0
        while start < span.count {
            let (end, isComposed) = segment(in: span, from: start)
            if isComposed {
                for index in start..<end { result.bytes.append(span[index]) }
            } else {
                result.append(text[(text.startIndex + start)..<(text.startIndex + end)])
            }
            start = end
        }
        return result.rewrites.isEmpty ? nil : result
    }

    /// The end of the segment that starts at `start`, up to the next scalar that joins nothing before it, and whether
    /// the segment is composed for certain: one inert scalar, or one byte that belongs to no character.
    private static func segment(in text: Span<UInt8>, from start: Int) -> (end: Int, isComposed: Bool) {
        guard case .complete(let first, let length) = text.utf8Sequence(at: start) else { return (start + 1, true) }
        let firstEnd = start + length
        var end = firstEnd
        while end < text.count, case .complete(let next, let length) = text.utf8Sequence(at: end), !isInert(next) {
            end += length
        }
        return (end, end == firstEnd && isInert(first))
    }

    /// Whether composition leaves the scalar as it is and never joins it to one before it.
    ///
    /// True for the common scripts' letters, signs and ideographs; false stands for "look closer".
    private static func isInert(_ value: UInt32) -> Bool {
        switch value {
        case 0..<0x300, 0x400...0x482, 0x48A...0x52F, 0x2010...0x2027, 0x2030...0x205E, 0x20A0...0x20BF: true
        case 0x3001...0x3029, 0x3041...0x3096, 0x30A1...0x30FC, 0x4E00...0x9FFF, 0xAC00...0xD7A3: true
        default: false
        }
    }

    private mutating func append(_ wellFormed: ArraySlice<UInt8>) {
        var original =
            (rewrites.last?.original.upperBound ?? 0) + bytes.count - (rewrites.last?.composed.upperBound ?? 0)
        for character in String(decoding: wellFormed, as: UTF8.self) {
            let cluster = String(character)
            let composed = Array(GraphemeCluster.compose(cluster).utf8)
            let length = cluster.utf8.count
            if !composed.elementsEqual(cluster.utf8) {
                rewrites.append(
                    Rewrite(
                        composed: bytes.count..<bytes.count + composed.count, original: original..<original + length))
            }
            bytes.append(contentsOf: composed)
            original += length
        }
    }

    /// The bytes of the original text that `range` of the composed text came from.
    func original(_ range: Range<Int>) -> Range<Int> {
        let start = place(range.lowerBound, roundingUp: false)
        return start..<max(start, place(range.upperBound, roundingUp: true))
    }

    private func place(_ offset: Int, roundingUp: Bool) -> Int {
        var low = 0
        var high = rewrites.count
        while low < high {
            let middle = (low + high) / 2
            if rewrites[middle].composed.upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        if low < rewrites.count, rewrites[low].composed.lowerBound < offset {
            return roundingUp ? rewrites[low].original.upperBound : rewrites[low].original.lowerBound
        }
        guard low > 0 else { return offset }
        return rewrites[low - 1].original.upperBound + offset - rewrites[low - 1].composed.upperBound
    }
}
