/// One step that cuts a stretch of text into smaller ones; merges never cross a cut.
struct SplitStep: Sendable {
    /// What the step looks for.
    enum Pattern: Sendable {
        /// The words of a published expression; they cover the text.
        case words(WordScanner)
        /// The matches of any other expression.
        case expression(SplitExpression)
        /// Each occurrence of a text, which is not empty.
        case literal([UInt8])
        /// Each character of Unicode's categories Nd, Nl and No.
        case numeral
        /// Each sign: ASCII's, and those of Unicode's categories P.
        case punctuation
    }

    /// What becomes of the stretches that the pattern found.
    enum Behavior: String, CaseIterable, Sendable {
        case isolated = "Isolated"
        case contiguous = "Contiguous"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
    }

    var pattern: Pattern
    var behavior = Behavior.isolated
    /// Whether what lies between the matches counts as found, and the matches do not.
    var isInverted = false

    private typealias Piece = (range: Range<Int>, isMatch: Bool)

    /// The stretches into which `range` of `text` falls, in order; together they cover it.
    func split(_ range: Range<Int>, of text: Span<UInt8>) -> [Range<Int>] {
        if case .words(let scanner) = pattern {
            let part = text.extracting(range)
            var words: [Range<Int>] = []
            var start = 0
            while start < part.count {
                let end = scanner.wordEnd(in: part, from: start)
                words.append(range.lowerBound + start..<range.lowerBound + end)
                start = end
            }
            return words
        }
        var pieces =
            if case .expression(let expression) = pattern {
                Self.matches(of: expression, in: range, of: text)
            } else {
                pieces(range, of: text)
            }
        if isInverted { for index in pieces.indices { pieces[index].isMatch.toggle() } }
        return joined(pieces)
    }

    /// The matches of an expression, which sees nothing but the range, and what lies between them.
    private static func matches(
        of expression: SplitExpression, in range: Range<Int>, of text: Span<UInt8>
    ) -> [Piece] {
        let part = text.extracting(range)
        var pieces: [Piece] = []
        var start = 0
        var index = 0
        func add(_ end: Int, _ isMatch: Bool) {
            if start < end { pieces.append((range.lowerBound + start..<range.lowerBound + end, isMatch)) }
            start = end
        }
        while index < part.count {
            guard let end = expression.matchEnd(in: part, from: index) else {
                index += part.scalar(at: index).length
                continue
            }
            add(index, false)
            add(end, true)
            index = end
        }
        add(part.count, false)
        return pieces
    }

    /// The matches and what lies between them.
    private func pieces(_ range: Range<Int>, of text: Span<UInt8>) -> [Piece] {
        var pieces: [Piece] = []
        var start = range.lowerBound
        var index = start
        while index < range.upperBound {
            let length = text.scalar(at: index).length
            guard let match = matchLength(in: text, at: index, scalarLength: length, limit: range.upperBound) else {
                index += length
                continue
            }
            if start < index { pieces.append((start..<index, false)) }
            pieces.append((index..<index + match, true))
            index += match
            start = index
        }
        if start < range.upperBound { pieces.append((start..<range.upperBound, false)) }
        return pieces
    }

    private func matchLength(in text: Span<UInt8>, at index: Int, scalarLength: Int, limit: Int) -> Int? {
        switch pattern {
        case .words, .expression: return nil
        case .literal(let literal):
            guard index + literal.count <= limit else { return nil }
            for offset in literal.indices where text[index + offset] != literal[offset] { return nil }
            return literal.count
        case .numeral:
            return ScalarClasses.isNumeral(text.scalar(at: index).value) ? scalarLength : nil
        case .punctuation:
            return ScalarClasses.isPunctuation(text.scalar(at: index).value) ? scalarLength : nil
        }
    }

    private func joined(_ pieces: [Piece]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var previous = false
        switch behavior {
        case .isolated: return pieces.map(\.range)
        case .contiguous, .mergedWithPrevious:
            for piece in pieces {
                let joins = behavior == .contiguous ? piece.isMatch == previous : piece.isMatch && !previous
                if joins, let last = result.last {
                    result[result.count - 1] = last.lowerBound..<piece.range.upperBound
                } else {
                    result.append(piece.range)
                }
                previous = piece.isMatch
            }
            return result
        case .mergedWithNext:
            for piece in pieces.reversed() {
                if piece.isMatch, !previous, let last = result.last {
                    result[result.count - 1] = piece.range.lowerBound..<last.upperBound
                } else {
                    result.append(piece.range)
                }
                previous = piece.isMatch
            }
            return result.reversed()
        }
    }
}
