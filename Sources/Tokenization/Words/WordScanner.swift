/// Cuts text into words as a ``SplitPattern`` says, without a regular-expression engine.
///
/// The words cover the text without gap or overlap. Every alternative of the expressions starts at the current place,
/// so one look at the next character decides which one applies.
struct WordScanner: Sendable {
    let pattern: SplitPattern
    private let classes = ScalarClasses.shared

    init(pattern: SplitPattern) {
        self.pattern = pattern
    }

    /// The end of the word that starts at `start`, which must lie before the text's end.
    func wordEnd(in text: Span<UInt8>, from start: Int) -> Int {
        if text[start] == 0x27, let end = contractionEnd(in: text, from: start) { return end }
        let first = text.scalar(at: start)
        let firstClass = classes.of(first.value)
        let afterFirst = start + first.length
        switch firstClass {
        case .letter: return runEnd(in: text, from: afterFirst, of: .letter)
        case .number: return numberEnd(in: text, from: afterFirst)
        case .other, .whitespace: break
        }
        if afterFirst < text.count {
            let next = text.scalar(at: afterFirst)
            let nextClass = classes.of(next.value)
            let afterNext = afterFirst + next.length
            let isSpace = first.value == 0x20
            if nextClass == .letter, isSpace || (pattern.keepsLineEnds && !isLineEnd(first.value)) {
                return runEnd(in: text, from: afterNext, of: .letter)
            }
            if isSpace, nextClass == .number, pattern.digitsTakeSpace {
                return numberEnd(in: text, from: afterNext)
            }
            if isSpace, nextClass == .other { return signsEnd(in: text, from: afterNext) }
        }
        if firstClass == .other { return signsEnd(in: text, from: afterFirst) }
        return whitespaceEnd(in: text, from: start)
    }

    private func isLineEnd(_ value: UInt32) -> Bool { value == 0x0A || value == 0x0D }

    private func runEnd(in text: Span<UInt8>, from start: Int, of wanted: ScalarClass) -> Int {
        var index = start
        while index < text.count {
            let next = text.scalar(at: index)
            if classes.of(next.value) != wanted { break }
            index += next.length
        }
        return index
    }

    private func numberEnd(in text: Span<UInt8>, from start: Int) -> Int {
        let limit = pattern.digitsPerWord
        var index = start
        var digits = 1
        while index < text.count, digits < limit {
            let next = text.scalar(at: index)
            if classes.of(next.value) != .number { break }
            index += next.length
            digits += 1
        }
        return index
    }

    private func signsEnd(in text: Span<UInt8>, from start: Int) -> Int {
        var index = runEnd(in: text, from: start, of: .other)
        if pattern.keepsLineEnds {
            while index < text.count, text[index] == 0x0A || text[index] == 0x0D { index += 1 }
        }
        return index
    }

    /// The alternatives `\s*[\r\n]+` (newer family only), `\s+(?!\S)` and `\s+`, in that order.
    private func whitespaceEnd(in text: Span<UInt8>, from start: Int) -> Int {
        var index = start
        var lastStart = start
        var afterLineEnd: Int?
        while index < text.count {
            let next = text.scalar(at: index)
            if classes.of(next.value) != .whitespace { break }
            lastStart = index
            index += next.length
            if isLineEnd(next.value) { afterLineEnd = index }
        }
        if pattern.keepsLineEnds, let afterLineEnd { return afterLineEnd }
        return index < text.count && lastStart > start ? lastStart : index
    }

    /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at `start`; in the newer family in any case, where the
    /// long s (U+017F) counts as an s.
    private func contractionEnd(in text: Span<UInt8>, from start: Int) -> Int? {
        guard start + 1 < text.count else { return nil }
        let fold: UInt8 = pattern.keepsLineEnds ? 0x20 : 0
        func letter(_ index: Int) -> UInt8 {
            guard index < text.count, text[index] & 0xC0 == 0x40 else { return 0 }
            return text[index] | fold
        }
        switch letter(start + 1) {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"): return letter(start + 2) == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"): return letter(start + 2) == UInt8(ascii: "l") ? start + 3 : nil
        default:
            let isLongS = fold != 0 && text.scalar(at: start + 1).value == 0x17F
            return isLongS ? start + 3 : nil
        }
    }
}
