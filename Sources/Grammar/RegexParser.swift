/// Reads a regular expression that a whole answer must match: literals, `.`, classes, groups, `|`, `* + ? {m,n}`.
///
/// Anchors are allowed at the ends of the whole expression and of its alternatives. What makes it no regular language,
/// or is not supported, is refused by its name: look-around, back-references, word boundaries, Unicode properties.
struct RegexParser {
    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0

    /// The texts that match the expression as a whole.
    static func parse(_ expression: String) throws(GrammarError) -> GrammarNode {
        var parser = RegexParser(expression)
        return try parser.whole(searches: false)
    }

    /// The texts in which the expression matches somewhere: ends without an anchor may have any text beside them.
    static func parse(searching expression: String) throws(GrammarError) -> GrammarNode {
        var parser = RegexParser(expression)
        return try parser.whole(searches: true)
    }

    private static let anything = GrammarNode.times(.scalars([0...0x10FFFF]), least: 0, most: nil)

    private mutating func whole(searches: Bool) throws(GrammarError) -> GrammarNode {
        var choices: [GrammarNode] = []
        repeat {
            let isBegun = take("^")
            let node = try sequence()
            let isEnded = take("$")
            choices.append(
                searches
                    ? .sequence((isBegun ? [] : [Self.anything]) + [node] + (isEnded ? [] : [Self.anything])) : node)
            guard !isEnded || peek == nil || peek == "|" else { throw error("'$' is supported at the end only") }
        } while take("|")
        guard at == scalars.count else { throw error("there is a ')' without its '('") }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        at += 1
        return true
    }

    private init(_ expression: String) {
        scalars = Array(expression.unicodeScalars)
    }

    private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private func error(_ reason: String) -> GrammarError {
        GrammarError("offset \(at) of the regular expression", reason)
    }

    private mutating func alternatives() throws(GrammarError) -> GrammarNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw error("groups are nested more than 64 deep") }
        var choices = [try sequence()]
        while take("|") { choices.append(try sequence()) }
        guard peek != "$" else { throw error("'$' is supported at the end only") }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() throws(GrammarError) -> GrammarNode {
        var parts: [GrammarNode] = []
        while let next = peek, next != "|", next != ")", next != "$" {
            parts.append(try repeated(try atom()))
        }
        return .sequence(parts)
    }

    private mutating func repeated(_ node: GrammarNode) throws(GrammarError) -> GrammarNode {
        var node = node
        while let next = peek {
            var bounds: (least: Int, most: Int?)
            switch next {
            case "*": bounds = (0, nil)
            case "+": bounds = (1, nil)
            case "?": bounds = (0, 1)
            case "{": bounds = try counts()
            default: return node
            }
            at += 1
            // Lazy or not, the language is the same.
            if peek == "?" { at += 1 }
            node = .times(node, least: bounds.least, most: bounds.most)
            if let again = peek, again == "*" || again == "+" || again == "?" || again == "{" {
                throw error("a quantifier follows a quantifier")
            }
        }
        return node
    }

    /// `{m}`, `{m,}` or `{m,n}`; leaves the closing brace.
    private mutating func counts() throws(GrammarError) -> (least: Int, most: Int?) {
        at += 1
        let least = try number()
        var most: Int? = least
        if peek == "," {
            at += 1
            most = peek == "}" ? nil : try number()
        }
        guard peek == "}", most ?? least >= least else { throw error("expected {m}, {m,} or {m,n} with n not below m") }
        return (least, most)
    }

    private mutating func number() throws(GrammarError) -> Int {
        var digits = ""
        while let next = peek, ("0"..."9").contains(next) {
            digits.unicodeScalars.append(next)
            at += 1
        }
        guard let value = Int(digits), value <= 1_000 else { throw error("expected a count from 0 to 1000") }
        return value
    }

    private mutating func atom() throws(GrammarError) -> GrammarNode {
        let next = scalars[at]
        at += 1
        switch next {
        case "(":
            if peek == "?" {
                guard at + 1 < scalars.count, scalars[at + 1] == ":" else {
                    throw error("of the groups that begin with '(?' only '(?:' is supported")
                }
                at += 2
            }
            let node = try alternatives()
            guard peek == ")" else { throw error("expected ')'") }
            at += 1
            return node
        case "[": return .scalars(try set())
        case ".": return .scalars(ScalarRange.complement(Self.lineEnds))
        case "\\": return .scalars(try escape())
        case "*", "+", "?", "{": throw error("'\(next)' has nothing before it")
        case "^": throw error("'^' is supported at the beginning only")
        default: return .scalars([next.value...next.value])
        }
    }

    private mutating func set() throws(GrammarError) -> [ClosedRange<UInt32>] {
        let isNegated = peek == "^"
        if isNegated { at += 1 }
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let next = peek, next != "]" || isFirst {
            isFirst = false
            at += 1
            let low = next == "\\" ? try escape() : [next.value...next.value]
            guard peek == "-", at + 1 < scalars.count, scalars[at + 1] != "]", low.count == 1 else {
                ranges += low
                continue
            }
            at += 1
            let end = scalars[at]
            at += 1
            let high = end == "\\" ? try escape() : [end.value...end.value]
            guard high.count == 1, low[0].lowerBound <= high[0].upperBound else { throw error("a range is empty") }
            ranges.append(low[0].lowerBound...high[0].upperBound)
        }
        guard peek == "]" else { throw error("expected ']'") }
        at += 1
        return isNegated ? ScalarRange.complement(ranges) : ranges
    }

    private mutating func escape() throws(GrammarError) -> [ClosedRange<UInt32>] {
        guard let next = peek else { throw error("the expression ends in '\\'") }
        at += 1
        switch next {
        case "d": return Self.digits
        case "D": return ScalarRange.complement(Self.digits)
        case "w": return Self.letters
        case "W": return ScalarRange.complement(Self.letters)
        case "s": return Self.spaces
        case "S": return ScalarRange.complement(Self.spaces + Self.otherSpaces)
        case "n": return [0x0A...0x0A]
        case "r": return [0x0D...0x0D]
        case "t": return [0x09...0x09]
        case "f": return [0x0C...0x0C]
        case "x": return try hex(2)
        case "u": return try hex(4)
        default:
            let isNamed = ("a"..."z").contains(next) || ("A"..."Z").contains(next) || ("0"..."9").contains(next)
            guard !isNamed else { throw error("'\\\(next)' is not supported") }
            return [next.value...next.value]
        }
    }

    private mutating func hex(_ count: Int) throws(GrammarError) -> [ClosedRange<UInt32>] {
        let digits = scalars[at..<min(at + count, scalars.count)]
        at += digits.count
        guard digits.count == count, digits.allSatisfy({ $0.properties.isASCIIHexDigit }),
            let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
        else { throw error("expected \(count) hexadecimal digits") }
        return [value...value]
    }

    private static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
    private static let letters: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    private static let lineEnds: [ClosedRange<UInt32>] = [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]
    /// White space that an answer may hold.
    private static let spaces: [ClosedRange<UInt32>] = [0x09...0x0D, 0x20...0x20]
    /// What else is white space to ECMA-262 or to Python, and so is no answer to a `\S`.
    private static let otherSpaces: [ClosedRange<UInt32>] = [
        0x1C...0x1F, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ]
}
