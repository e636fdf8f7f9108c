import Foundation

/// Unicode's normal forms C and KC. Ill-formed UTF-8 stays as it is.
///
/// Composition never crosses the border of a grapheme cluster, so each cluster is composed on its own, and places map
/// exactly outside the clusters that changed.
enum Composition: Sendable {
    /// Normal form C.
    case canonical
    /// Normal form KC: compatibility characters (ligatures, full-width letters) become their plain form too.
    case compatibility

    /// The composed text, or nil if `text` is composed already.
    func apply(_ text: ArraySlice<UInt8>, keepsPlaces: Bool) -> TextRewrite? {
        // Below U+0300 nothing composes, and below U+00A0 nothing has a plainer form.
        let first: UInt8 = self == .canonical ? 0xCC : 0xC2
        guard text.contains(where: { $0 >= first }) else { return nil }
        var result = TextRewrite(keepsPlaces: keepsPlaces, capacity: text.count)
        let span = text.span
        var start = 0
        while start < span.count {
            let (end, isComposed) = segment(in: span, from: start)
            let slice = text[(text.startIndex + start)..<(text.startIndex + end)]
            if isComposed { result.keep(slice) } else { append(slice, to: &result) }
            start = end
        }
        return result.isChanged ? result : nil
    }

    /// The end of the segment that starts at `start`, up to the next scalar that joins nothing before it, and whether
    /// the segment is composed for certain: one inert scalar, or one byte that belongs to no character.
    private func segment(in text: Span<UInt8>, from start: Int) -> (end: Int, isComposed: Bool) {
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
    private func isInert(_ value: UInt32) -> Bool {
        switch value {
        case 0..<0xA0: true
        case 0xA0..<0x300, 0x2010...0x2027, 0x2030...0x205E, 0x20A0...0x20BF: self == .canonical
        case 0x400...0x482, 0x48A...0x52F: true
        case 0x3001...0x3029, 0x3041...0x3096, 0x30A1...0x30FC, 0x4E00...0x9FFF, 0xAC00...0xD7A3: true
        default: false
        }
    }

    private func append(_ wellFormed: ArraySlice<UInt8>, to result: inout TextRewrite) {
        for character in String(decoding: wellFormed, as: UTF8.self) {
            let cluster = Array(String(character).utf8)
            let composed = Array(GraphemeCluster.compose(String(character), self).utf8)
            if composed == cluster { result.keep(cluster[...]) } else { result.replace(cluster.count, with: composed) }
        }
    }
}
