/// Finds added tokens in text as the Python package does: leftmost first, the longest of those that start at one place.
struct AddedTokenMatcher: Sendable {
    /// A stretch of the text; with an id, it is that token.
    struct Piece {
        var range: Range<Int>
        var token: Int32?
    }

    private struct Entry: Sendable {
        var content: [UInt8]
        var token: AddedToken
    }

    private let entries: [UInt8: [Entry]]

    /// A matcher for these tokens.
    ///
    /// - Parameter spelling: how a token's content looks in the text that will be searched.
    init(_ tokens: [AddedToken], spelling: ([UInt8]) -> [UInt8] = { $0 }) {
        let all = tokens.map { Entry(content: spelling(Array($0.content.utf8)), token: $0) }
        entries = Dictionary(grouping: all.filter { !$0.content.isEmpty }) { $0.content[0] }
            .mapValues { $0.sorted { $0.content.count > $1.content.count } }
    }

    /// Whether there is nothing to find.
    var isEmpty: Bool { entries.isEmpty }

    /// The text cut at its added tokens; ranges count from the text's beginning.
    ///
    /// - Parameter accepts: whether the bytes in a range may be a token.
    func split(_ text: ArraySlice<UInt8>, accepts: (Range<Int>) -> Bool) -> [Piece] {
        var pieces: [Piece] = []
        let base = text.startIndex
        var start = 0
        var index = 0
        while index < text.count {
            guard
                let candidates = entries[text[base + index]],
                let entry = candidates.first(where: {
                    text[(base + index)...].starts(with: $0.content) && accepts(index..<index + $0.content.count)
                })
            else {
                index += 1
                continue
            }
            let end = index + entry.content.count
            if entry.token.isSingleWord, touchesWord(text, index..<end) {
                index = end
                continue
            }
            let span = text.span
            let from = entry.token.takesSpaceBefore ? max(start, span.whitespaceStart(before: index)) : index
            let to = entry.token.takesSpaceAfter ? span.whitespaceEnd(from: end) : end
            if start < from { pieces.append(Piece(range: start..<from)) }
            pieces.append(Piece(range: from..<to, token: entry.token.id))
            start = to
            index = to
        }
        if start < text.count { pieces.append(Piece(range: start..<text.count)) }
        return pieces
    }

    private func touchesWord(_ text: ArraySlice<UInt8>, _ range: Range<Int>) -> Bool {
        let span = text.span
        if range.lowerBound > 0, ScalarClasses.isWord(span.lastScalar(before: range.lowerBound)) { return true }
        return range.upperBound < span.count && ScalarClasses.isWord(span.scalar(at: range.upperBound).value)
    }
}
