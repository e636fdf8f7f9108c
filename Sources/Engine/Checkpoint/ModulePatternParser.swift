/// Reads the text of a `ModulePattern`, with bounds on its length, its nesting and its repetition counts.
struct ModulePatternParser {
    private static let maximumLength = 4_096
    private static let maximumDepth = 32
    private static let maximumCount = 256

    private let text: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    init(_ pattern: String) throws(ModulePatternError) {
        text = Array(pattern.unicodeScalars)
        guard text.count <= Self.maximumLength else {
            throw ModulePatternError(reason: "the pattern is longer than \(Self.maximumLength) characters")
        }
    }

    mutating func pattern() throws(ModulePatternError) -> ModulePattern.Node {
        let node = try choice()
        guard position == text.count else { throw wrong("an unmatched ')'") }
        return node
    }

    private mutating func choice() throws(ModulePatternError) -> ModulePattern.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw wrong("groups nested deeper than \(Self.maximumDepth)") }
        var branches = [try sequence()]
        while accept("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(ModulePatternError) -> ModulePattern.Node {
        var nodes: [ModulePattern.Node] = []
        while let next = peek, next != "|", next != ")" { nodes.append(try repetition(of: atom())) }
        return .sequence(nodes)
    }

    private mutating func atom() throws(ModulePatternError) -> ModulePattern.Node {
        let scalar = text[position]
        position += 1
        switch scalar {
        case ".": return .scalar(.init(ranges: [10...10], isNegated: true))
        case "^": return .start
        case "$": return .end
        case "(": return try group()
        case "[": return .scalar(try members())
        case "\\": return .scalar(try escape())
        case "*", "+", "?": throw wrong("nothing to repeat before '\(scalar)'")
        default: return .scalar(.init(ranges: [scalar.value...scalar.value]))
        }
    }

    private mutating func group() throws(ModulePatternError) -> ModulePattern.Node {
        if accept("?") {
            if accept("P") {
                guard accept("<") else { throw wrong("a group that starts with '(?P'") }
                while position < text.count, text[position] != ">" { position += 1 }
                guard accept(">") else { throw wrong("a group's name does not end") }
            } else if !accept(":") {
                throw wrong("a group that starts with '(?' and is neither '(?:' nor '(?P<name>'")
            }
        }
        let node = try choice()
        guard accept(")") else { throw wrong("a group that does not end") }
        return node
    }

    private mutating func repetition(of node: ModulePattern.Node) throws(ModulePatternError) -> ModulePattern.Node {
        var minimum = 0
        var maximum: Int?
        if accept("+") {
            minimum = 1
        } else if accept("?") {
            maximum = 1
        } else if let counts = counts() {
            (minimum, maximum) = counts
            guard max(minimum, maximum ?? 0) <= Self.maximumCount, minimum <= maximum ?? minimum else {
                throw wrong("a repetition count above \(Self.maximumCount), or a range that is empty")
            }
        } else if !accept("*") {
            return node
        }
        // Lazy repetition accepts the same names; possessive repetition does not.
        _ = accept("?")
        if let next = peek, "*+{".unicodeScalars.contains(next) { throw wrong("a repetition of a repetition") }
        return .repetition(node, minimum: minimum, maximum: maximum)
    }

    /// `{2}`, `{2,}`, `{,3}` or `{2,3}`; anything else after a brace is a literal, as in Python.
    private mutating func counts() -> (Int, Int?)? {
        guard peek == "{", let close = text[position...].firstIndex(of: "}") else { return nil }
        let inner = String(String.UnicodeScalarView(text[(position + 1)..<close]))
        let parts = inner.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.map { $0.count <= 6 ? Int($0) : Int.max }
        guard parts.count <= 2, inner != "", inner != ",", zip(parts, numbers).allSatisfy({ $0 == "" || $1 != nil })
        else { return nil }
        position = close + 1
        return parts.count == 1 ? (numbers[0] ?? 0, numbers[0]) : (numbers[0] ?? 0, numbers[1])
    }

    private mutating func members() throws(ModulePatternError) -> ModulePattern.ScalarClass {
        var members = ModulePattern.ScalarClass(ranges: [], isNegated: accept("^"))
        var isFirst = true
        while let next = peek, next != "]" || isFirst {
            isFirst = false
            position += 1
            let low = next == "\\" ? try escape() : .init(ranges: [next.value...next.value])
            guard !low.isNegated else { throw wrong("a negated class inside a class") }
            guard low.ranges.count == 1, low.ranges[0].count == 1, peek == "-", position + 1 < text.count,
                text[position + 1] != "]"
            else {
                members.ranges += low.ranges
                continue
            }
            position += 1
            let end = text[position]
            position += 1
            let high = end == "\\" ? try escape() : .init(ranges: [end.value...end.value])
            guard high.ranges.count == 1, high.ranges[0].count == 1, !high.isNegated,
                high.ranges[0].lowerBound >= low.ranges[0].lowerBound
            else { throw wrong("a range of characters that is empty") }
            members.ranges.append(low.ranges[0].lowerBound...high.ranges[0].lowerBound)
        }
        guard accept("]") else { throw wrong("a class that does not end") }
        return members
    }

    private mutating func escape() throws(ModulePatternError) -> ModulePattern.ScalarClass {
        guard let scalar = peek else { throw wrong("a backslash at the end") }
        position += 1
        let digits: [ClosedRange<UInt32>] = [48...57]
        let word: [ClosedRange<UInt32>] = digits + [65...90, 95...95, 97...122]
        let space: [ClosedRange<UInt32>] = [9...13, 32...32]
        switch scalar {
        case "d": return .init(ranges: digits)
        case "D": return .init(ranges: digits, isNegated: true)
        case "w": return .init(ranges: word)
        case "W": return .init(ranges: word, isNegated: true)
        case "s": return .init(ranges: space)
        case "S": return .init(ranges: space, isNegated: true)
        default:
            guard !word.contains(where: { $0.contains(scalar.value) }) || scalar == "_" else {
                throw wrong("the escape '\\\(scalar)'")
            }
            return .init(ranges: [scalar.value...scalar.value])
        }
    }

    private var peek: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }

    private func wrong(_ what: String) -> ModulePatternError {
        ModulePatternError(reason: "\(what), at character \(position) of the pattern, is not supported")
    }
}
