/// Reads a regular expression of a tokenizer file, in the syntax of the Python package's engine (Oniguruma, Ruby).
///
/// Known are literals, classes, `\p{…}` of general categories, `\s \w \d` and their opposites, `.`, groups, `(?i:…)`,
/// `(?=…)`, `(?!…)`, `(?>…)`, `|`, `^`, `$`, and repetitions of any kind. Everything else is refused by its name.
struct SplitParser {
    /// Why an expression is refused.
    struct Fault: Error {
        let offset: Int
        let reason: String
    }

    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0
    private var ignoresCase = false

    static func parse(_ expression: String) throws(Fault) -> SplitNode {
        var parser = SplitParser(scalars: Array(expression.unicodeScalars))
        let node = try parser.choice()
        guard parser.at == parser.scalars.count else {
            throw parser.fault("there is a ')' without its '('")
        }
        guard node.least > 0 else {
            throw Fault(offset: 0, reason: "the expression matches the empty text")
        }
        return node
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private func fault(_ reason: String) -> Fault { Fault(offset: at, reason: reason) }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = Array("\(text)".unicodeScalars)
        guard scalars[at...].starts(with: wanted) else { return false }
        at += wanted.count
        return true
    }

    private mutating func choice() throws(Fault) -> SplitNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw fault("groups are nested more than 64 deep") }
        var choices = [try sequence()]
        while take("|") { choices.append(try sequence()) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() throws(Fault) -> SplitNode {
        var parts: [SplitNode] = []
        while let next = peek, next != "|", next != ")" {
            parts.append(try repeated(try atom()))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repeated(_ atom: SplitNode) throws(Fault) -> SplitNode {
        var node = atom
        var chain = 0
        while let next = peek {
            let bounds: (least: Int, most: Int)
            switch next {
            case "*": bounds = (0, .max)
            case "+": bounds = (1, .max)
            case "?": bounds = (0, 1)
            case "{": bounds = try counts()
            default: return node
            }
            at += 1
            chain += 1
            guard chain <= 8 else { throw fault("more than 8 repetitions follow one another") }
            guard node.least > 0 else { throw fault("what may be empty is repeated") }
            var mode = SplitNode.Mode.greedy
            if take("?") {
                guard next != "{" || bounds.least != bounds.most else {
                    throw fault("'{n}?' is not supported")
                }
                mode = .lazy
            } else if next != "{", take("+") {
                // After a count a '+' is one more repetition in this syntax.
                mode = .possessive
            }
            node = .times(node, least: bounds.least, most: bounds.most, mode)
        }
        return node
    }

    /// `{m}`, `{m,}`, `{,n}` or `{m,n}`; leaves the closing brace.
    private mutating func counts() throws(Fault) -> (least: Int, most: Int) {
        at += 1
        let least = number()
        var most = least
        if take(",") { most = peek == "}" ? .max : number() }
        guard peek == "}", let most, least != nil || most < .max, most >= least ?? 0,
            most == .max || most <= 1_000, least ?? 0 <= 1_000
        else {
            throw fault("expected a count such as {2} or {1,3}, of at most 1000")
        }
        return (least ?? 0, most)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let next = peek, ("0"..."9").contains(next), digits.count < 6 {
            digits.unicodeScalars.append(next)
            at += 1
        }
        return Int(digits)
    }

    private mutating func atom() throws(Fault) -> SplitNode {
        let next = scalars[at]
        switch next {
        case "(": return try group()
        case "[": return .one(try folded(try set()))
        case ".":
            at += 1
            return .one(ScalarSet([0x0A...0x0A]).inverted)
        case "^":
            at += 1
            return .lineStart
        case "$":
            at += 1
            return .lineEnd
        case "\\": return .one(try folded(try escape()))
        case "*", "+", "?": throw fault("'\(next)' has nothing before it")
        default:
            at += 1
            return .one(try folded(ScalarSet([next.value...next.value])))
        }
    }

    private func folded(_ set: ScalarSet) throws(Fault) -> ScalarSet {
        guard ignoresCase else { return set }
        guard let folded = set.ignoringCase else {
            throw fault("'(?i:' is not supported around this class")
        }
        return folded
    }

    private mutating func group() throws(Fault) -> SplitNode {
        let outer = ignoresCase
        defer { ignoresCase = outer }
        let wrap: (SplitNode) -> SplitNode
        if take("(?:") {
            wrap = { $0 }
        } else if take("(?i:") {
            ignoresCase = true
            wrap = { $0 }
        } else if take("(?=") {
            wrap = { .ahead($0, isNegative: false) }
        } else if take("(?!") {
            wrap = { .ahead($0, isNegative: true) }
        } else if take("(?>") {
            wrap = { .atomic($0) }
        } else if take("(?") {
            throw fault(
                "of the groups that begin with '(?' only (?:, (?i:, (?=, (?! and (?> are supported")
        } else {
            at += 1
            wrap = { $0 }
        }
        let inner = try choice()
        guard take(")") else { throw fault("expected ')'") }
        return wrap(inner)
    }

    private mutating func set() throws(Fault) -> ScalarSet {
        at += 1
        let isNegated = take("^")
        var set = ScalarSet()
        while let next = peek, next != "]" {
            guard next != "[" else { throw fault("a class inside a class is not supported: write '\\['") }
            guard !(next == "&" && scalars[at...].dropFirst().first == "&") else {
                throw fault("'&&' in a class is not supported")
            }
            let start = at
            let low = try member()
            guard peek == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
                set.formUnion(low)
                continue
            }
            guard let from = value(from: start) else { throw fault("a range begins with a class") }
            at += 1
            let place = at
            _ = try member()
            guard let to = value(from: place), from <= to else { throw fault("a range is empty") }
            set.insert(from...to)
        }
        guard take("]") else { throw fault("expected ']'") }
        return isNegated ? set.inverted : set
    }

    private mutating func member() throws(Fault) -> ScalarSet {
        let next = scalars[at]
        if next == "\\" { return try escape() }
        at += 1
        return ScalarSet([next.value...next.value])
    }

    /// The one scalar that was read since `start`; nil if it was a class.
    private func value(from start: Int) -> UInt32? {
        if scalars[start] != "\\" { return scalars[start].value }
        var parser = self
        parser.at = start + 1
        return try? parser.escapedScalar()
    }

    private mutating func escape() throws(Fault) -> ScalarSet {
        at += 1
        guard let next = peek else { throw fault("the expression ends in '\\'") }
        let named: ScalarSet? =
            switch next {
            case "s", "S": .spaces
            case "w", "W": .words
            case "d", "D": ScalarCategories.bits(named: "Nd").map { ScalarSet(categories: $0) }
            default: nil
            }
        if let named {
            at += 1
            return next.properties.isUppercase ? named.inverted : named
        }
        if next == "p" || next == "P" { return try property() }
        let scalar = try escapedScalar()
        return ScalarSet([scalar...scalar])
    }

    private mutating func property() throws(Fault) -> ScalarSet {
        var isNegated = peek == "P"
        at += 1
        guard take("{") else { throw fault("expected '{' after \\p") }
        if take("^") { isNegated.toggle() }
        var name = ""
        while let next = peek, next != "}", name.count < 40 {
            name.unicodeScalars.append(next)
            at += 1
        }
        guard take("}") else { throw fault("expected '}'") }
        guard let bits = ScalarCategories.bits(named: name) else {
            throw fault(
                "\\p{\(name)} is not supported: only general categories are, such as \\p{L} or \\p{Lu}")
        }
        let set = ScalarSet(categories: bits)
        return isNegated ? set.inverted : set
    }

    /// What follows a backslash and stands for one scalar.
    private mutating func escapedScalar() throws(Fault) -> UInt32 {
        guard let next = peek else { throw fault("the expression ends in '\\'") }
        at += 1
        switch next {
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "f": return 0x0C
        case "v": return 0x0B
        case "x": return take("{") ? try hex(8, ends: true) : try hex(2, ends: false)
        case "u": return try hex(4, ends: false)
        default:
            guard !next.properties.isAlphabetic, next.properties.numericType == nil else {
                throw fault("'\\\(next)' is not supported")
            }
            return next.value
        }
    }

    private mutating func hex(_ most: Int, ends: Bool) throws(Fault) -> UInt32 {
        var digits = ""
        while let next = peek, next.properties.isASCIIHexDigit, digits.count < most {
            digits.unicodeScalars.append(next)
            at += 1
        }
        guard let value = UInt32(digits, radix: 16), ends || digits.count == most, !ends || take("}")
        else {
            throw fault("expected hexadecimal digits")
        }
        return value
    }
}
