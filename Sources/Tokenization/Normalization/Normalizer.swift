/// One step that rewrites text before it is cut into words.
enum Normalizer: Sendable, Equatable {
    /// Unicode's normal form C or KC.
    case compose(Composition)
    /// Every scalar in lower case, without regard to its neighbours.
    case lowercase
    /// No whitespace at the beginning, at the end, or both.
    case strip(left: Bool, right: Bool)
    /// A text put before every text that is not empty.
    case prepend([UInt8])
    /// A text put before every text that does not begin with it; with `onlyAtStart`, only at the input's beginning.
    case prependUnlessThere([UInt8], onlyAtStart: Bool)
    /// One text for every occurrence of another one, which is not empty.
    case replace([UInt8], with: [UInt8])

    /// The rewritten text, or nil if nothing changes.
    ///
    /// - Parameter isAtStart: whether the text is the input's beginning.
    func apply(_ text: ArraySlice<UInt8>, isAtStart: Bool, keepsPlaces: Bool) -> TextRewrite? {
        guard !text.isEmpty else { return nil }
        switch self {
        case .compose(let composition): return composition.apply(text, keepsPlaces: keepsPlaces)
        case .lowercase: return lowercased(text, keepsPlaces)
        case .strip(let left, let right): return stripped(text, left, right, keepsPlaces)
        case .prepend(let opening): return prepended(opening, text, keepsPlaces)
        case .prependUnlessThere(let opening, let onlyAtStart):
            if text.starts(with: opening) || onlyAtStart && !isAtStart { return nil }
            return prepended(opening, text, keepsPlaces)
        case .replace(let pattern, let replacement): return replaced(text, pattern, replacement, keepsPlaces)
        }
    }

    private func prepended(_ opening: [UInt8], _ text: ArraySlice<UInt8>, _ keepsPlaces: Bool) -> TextRewrite {
        var result = TextRewrite(keepsPlaces: keepsPlaces, capacity: text.count + opening.count)
        result.replace(0, with: opening)
        result.keep(text)
        return result
    }

    private func replaced(
        _ text: ArraySlice<UInt8>, _ pattern: [UInt8], _ replacement: [UInt8], _ keepsPlaces: Bool
    ) -> TextRewrite? {
        guard var index = text.firstIndex(of: pattern[0]) else { return nil }
        var result = TextRewrite(keepsPlaces: keepsPlaces, capacity: text.count * 3 / 2)
        var kept = text.startIndex
        while index < text.endIndex {
            if pattern.count > 1, !text[index...].starts(with: pattern) {
                index += 1
            } else {
                result.keep(text[kept..<index])
                result.replace(pattern.count, with: replacement)
                index += pattern.count
                kept = index
            }
            while index < text.endIndex, text[index] != pattern[0] { index += 1 }
        }
        result.keep(text[kept...])
        return result.isChanged ? result : nil
    }

    private func lowercased(_ text: ArraySlice<UInt8>, _ keepsPlaces: Bool) -> TextRewrite? {
        var result = TextRewrite(keepsPlaces: keepsPlaces, capacity: text.count)
        let span = text.span
        var index = 0
        while index < span.count {
            let next = span.scalar(at: index)
            let slice = text[(text.startIndex + index)..<(text.startIndex + index + next.length)]
            let lower = Unicode.Scalar(next.value)?.properties.lowercaseMapping.utf8
            if let lower, next.length > 1 || span[index] < 0x80, !lower.elementsEqual(slice) {
                result.replace(next.length, with: lower)
            } else {
                result.keep(slice)
            }
            index += next.length
        }
        return result.isChanged ? result : nil
    }

    private func stripped(
        _ text: ArraySlice<UInt8>, _ left: Bool, _ right: Bool, _ keepsPlaces: Bool
    ) -> TextRewrite? {
        let start = left ? text.span.whitespaceEnd(from: 0) : 0
        let end = right ? max(start, text.span.whitespaceStart(before: text.count)) : text.count
        guard start > 0 || end < text.count else { return nil }
        var result = TextRewrite(keepsPlaces: keepsPlaces, capacity: end - start)
        if start > 0 { result.replace(start, with: []) }
        result.keep(text[(text.startIndex + start)..<(text.startIndex + end)])
        if end < text.count { result.replace(text.count - end, with: []) }
        return result
    }
}

extension Span<UInt8> {
    /// The end of the run of whitespace that starts at `index`; `index` itself if there is none.
    func whitespaceEnd(from index: Int) -> Int {
        var index = index
        while index < count {
            let next = scalar(at: index)
            guard Unicode.Scalar(next.value)?.properties.isWhitespace == true else { break }
            index += next.length
        }
        return index
    }

    /// The start of the run of whitespace that ends at `index`; `index` itself if there is none.
    func whitespaceStart(before index: Int) -> Int {
        var index = index
        while index > 0 {
            var start = index - 1
            while start > 0, self[start] & 0xC0 == 0x80, index - start < 4 { start -= 1 }
            let last = scalar(at: start)
            guard start + last.length == index, Unicode.Scalar(last.value)?.properties.isWhitespace == true else {
                break
            }
            index = start
        }
        return index
    }
}
