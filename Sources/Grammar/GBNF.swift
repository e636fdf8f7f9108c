/// Regular expressions in the notation of llama.cpp's grammars.
public enum GBNF {
    /// The grammar of the texts that match an expression as a whole.
    public static func grammar(ofRegularExpression expression: String) throws(GrammarError) -> String {
        "root ::= " + (try text(of: try RegexParser.parse(expression)))
    }

    private static func text(of node: GrammarNode) throws(GrammarError) -> String {
        switch node {
        case .scalars(let ranges): return "[" + ranges.map(text).joined() + "]"
        case .sequence(let parts):
            var texts: [String] = []
            for part in parts { texts.append(try text(of: part)) }
            return texts.isEmpty ? "\"\"" : texts.joined(separator: " ")
        case .choice(let choices):
            var texts: [String] = []
            for choice in choices { texts.append(try text(of: choice)) }
            return "(" + texts.joined(separator: " | ") + ")"
        case .times(let inner, let least, let most):
            return "(\(try text(of: inner))){\(least),\(most.map(String.init) ?? "")}"
        case .bytes, .set, .members, .rule:
            throw GrammarError("", "the grammar has parts that GBNF does not know")
        }
    }

    private static func text(of range: ClosedRange<UInt32>) -> String {
        range.count == 1
            ? escape(range.lowerBound) : escape(range.lowerBound) + "-" + escape(range.upperBound)
    }

    private static func escape(_ scalar: UInt32) -> String {
        let digits = String(scalar, radix: 16, uppercase: true)
        func padded(_ count: Int) -> String { String(repeating: "0", count: count - digits.count) + digits }
        return scalar < 0x100 ? "\\x" + padded(2) : scalar < 0x10000 ? "\\u" + padded(4) : "\\U" + padded(8)
    }
}
