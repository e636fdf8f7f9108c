import TestSupport

/// A JSON value as the tests know it, with the text it was written as.
indirect enum Tree: Equatable {
    case null
    case bool(Bool)
    /// The number's spelling.
    case number(String)
    /// The text, however it was escaped.
    case string(String)
    case array([Tree])
    case object([Member])

    struct Member: Equatable {
        let key: String
        let value: Tree
    }
}

/// Draws JSON values and writes them with random spelling: white space, escapes, number forms.
struct RandomJSON {
    var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func tree(depth: Int = 0) -> Tree {
        switch Int.random(in: 0..<(depth > 5 ? 5 : 8), using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2: .number(number())
        case 3, 4: .string(text())
        case 5: .array((0..<Int.random(in: 0...4, using: &random)).map { _ in tree(depth: depth + 1) })
        default:
            .object(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    Tree.Member(key: text(), value: tree(depth: depth + 1))
                })
        }
    }

    mutating func number() -> String {
        let sign = Bool.random(using: &random) ? "-" : ""
        let whole = String(
            UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64.random(in: 0...63, using: &random))
        let fraction = Bool.random(using: &random) ? "" : ".\(Int.random(in: 0...999, using: &random))"
        let exponent = ["", "", "e5", "E+07", "e-3"].randomElement(using: &random)!
        return sign + whole + fraction + exponent
    }

    /// A text of up to `length` characters of every width, often with what must be escaped.
    mutating func text(length: Int = 12) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...length, using: &random) {
            let range: ClosedRange<UInt32> =
                switch Int.random(in: 0..<8, using: &random) {
                case 0: 0...0x1F
                case 1: 0x80...0x7FF
                case 2: 0x800...0xD7FF
                case 3: 0x10000...0x10FFFF
                default: 0x20...0x7F
                }
            text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: range, using: &random))!)
        }
        return text
    }

    /// The tree's text in a random spelling.
    mutating func write(_ tree: Tree) -> [UInt8] {
        space() + bare(tree) + space()
    }

    /// A JSON string that stands for `text`, with escapes where they must be and some where they may be.
    mutating func quoted(_ text: String) -> [UInt8] {
        var bytes = [UInt8(ascii: "\"")]
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if mustEscape || Int.random(in: 0..<6, using: &random) == 0 {
                bytes += escape(scalar)
            } else {
                bytes += Array(String(scalar).utf8)
            }
        }
        return bytes + [UInt8(ascii: "\"")]
    }

    private mutating func escape(_ scalar: Unicode.Scalar) -> [UInt8] {
        let short: [Unicode.Scalar: String] = [
            "\n": "\\n", "\r": "\\r", "\t": "\\t", "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{8}": "\\b",
            "\u{C}": "\\f",
        ]
        if let escape = short[scalar], Bool.random(using: &random) { return Array(escape.utf8) }
        return String(scalar).utf16.flatMap { unit in
            let digits = String(unit, radix: 16, uppercase: Bool.random(using: &random))
            return Array("\\u".utf8) + Array(repeating: UInt8(ascii: "0"), count: 4 - digits.utf8.count) + digits.utf8
        }
    }

    private mutating func bare(_ tree: Tree) -> [UInt8] {
        switch tree {
        case .null: Array("null".utf8)
        case .bool(let value): Array((value ? "true" : "false").utf8)
        case .number(let spelling): Array(spelling.utf8)
        case .string(let text): quoted(text)
        case .array(let elements):
            list("[", elements.map { write($0) }, "]")
        case .object(let members):
            list("{", members.map { space() + quoted($0.key) + space() + Array(":".utf8) + write($0.value) }, "}")
        }
    }

    private mutating func list(_ open: String, _ items: [[UInt8]], _ close: String) -> [UInt8] {
        Array(open.utf8) + (items.isEmpty ? space() : Array(items.joined(separator: ",".utf8))) + Array(close.utf8)
    }

    private mutating func space() -> [UInt8] {
        guard Int.random(in: 0..<4, using: &random) == 0 else { return [] }
        return (0..<Int.random(in: 1...3, using: &random)).map { _ in
            [0x20, 0x09, 0x0A, 0x0D].randomElement(using: &random)!
        }
    }
}
