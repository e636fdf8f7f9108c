/// A piece of a template that is kept or dropped as a whole: a heading, a table line, a sentence or a clause.
struct TemplateUnit: Sendable, Equatable {
    /// What kind of text it is, in the order in which kinds are dropped.
    enum Kind: Int, Sendable, Comparable {
        /// Behind a comma, semicolon or colon of running text.
        case clause
        /// Running text.
        case sentence
        /// An item of a list.
        case item
        /// A sentence or item that commands or forbids.
        case rule
        /// A line that ends without a full stop and is no item.
        case heading
        /// Holds digits, quoted text, code or a placeholder: dropped only with everything else.
        case fixed

        static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    let range: Range<Int>
    let kind: Kind

    /// Cuts a template into units that cover every byte.
    static func units(of text: [UInt8]) -> [TemplateUnit] {
        var units: [TemplateUnit] = []
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: newline).map { $0 + 1 } ?? text.count
            units += line(start..<end, of: text)
            start = end
        }
        return units
    }

    private static let newline = UInt8(ascii: "\n")

    private static func line(_ range: Range<Int>, of text: [UInt8]) -> [TemplateUnit] {
        let content = text[range]
        if content.allSatisfy({ $0 == newline || $0 == UInt8(ascii: " ") }) {
            return [TemplateUnit(range: range, kind: .clause)]
        }
        let isItem = content.starts(with: Array("- ".utf8)) || content.starts(with: Array("* ".utf8))
        if isFixed(content) { return [TemplateUnit(range: range, kind: .fixed)] }
        let endings: [UInt8] = [UInt8(ascii: "."), UInt8(ascii: "?"), UInt8(ascii: "!")]
        let last = content.last { $0 != newline && $0 != UInt8(ascii: " ") }
        if !isItem && !(last.map(endings.contains) ?? false) {
            return [TemplateUnit(range: range, kind: .heading)]
        }
        return pieces(range, of: text).map { piece in
            let words = text[piece.range]
            let kind: Kind = commands(words) ? .rule : piece.isClause ? .clause : isItem ? .item : .sentence
            return TemplateUnit(range: piece.range, kind: kind)
        }
    }

    /// Sentences, and the clauses behind the first one of each.
    private static func pieces(_ range: Range<Int>, of text: [UInt8]) -> [(range: Range<Int>, isClause: Bool)] {
        var result: [(range: Range<Int>, isClause: Bool)] = []
        var start = range.lowerBound
        var isClause = false
        for index in range where index + 1 < range.upperBound && text[index + 1] == UInt8(ascii: " ") {
            let ends = [UInt8(ascii: "."), UInt8(ascii: "?"), UInt8(ascii: "!")].contains(text[index])
            let pauses = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":")].contains(text[index])
            guard ends || pauses, index > start else { continue }
            result.append((start..<index + 1, isClause))
            start = index + 1
            isClause = pauses
        }
        if start < range.upperBound { result.append((start..<range.upperBound, isClause)) }
        return result
    }

    private static func isFixed(_ content: ArraySlice<UInt8>) -> Bool {
        let marks = Set("0123456789`\"{}<>|".utf8)
        return content.contains { marks.contains($0) }
    }

    private static func commands(_ words: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: words, as: UTF8.self).lowercased()
        return ["never", "always", "must", "exactly", "only", "do not", "answer", "write"].contains {
            text.contains($0)
        }
    }
}
