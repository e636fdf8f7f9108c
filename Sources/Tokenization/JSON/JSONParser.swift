/// Reads one JSON text (RFC 8259) strictly: UTF-8, no duplicate keys, bounded depth, nothing after the value.
struct JSONParser {
    private static let deepest = 64

    private let text: [UInt8]
    private var index = 0
    private var depth = 0

    private init(_ text: [UInt8]) {
        self.text = text
    }

    /// The value that `text` holds.
    static func parse(_ text: [UInt8]) throws(TokenizationError) -> JSONValue {
        var parser = JSONParser(text)
        parser.skipSpace()
        let value = try parser.value()
        parser.skipSpace()
        guard parser.index == text.count else { throw parser.error("expected the end of the file") }
        return value
    }

    private func error(_ reason: String) -> TokenizationError {
        .malformed(file: "tokenizer.json", key: "byte \(index)", reason: "invalid JSON: " + reason)
    }

    private mutating func skipSpace() {
        while index < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[index]) { index += 1 }
    }

    private mutating func value() throws(TokenizationError) -> JSONValue {
        guard index < text.count else { throw error("the file ends early") }
        switch text[index] {
        case UInt8(ascii: "{"): return try nested { parser throws(TokenizationError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(TokenizationError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(TokenizationError) -> JSONValue
    ) throws(TokenizationError) -> JSONValue {
        guard depth < Self.deepest else { throw error("nested deeper than \(Self.deepest) levels") }
        depth += 1
        index += 1
        defer { depth -= 1 }
        skipSpace()
        return try body(&self)
    }

    private mutating func object() throws(TokenizationError) -> JSONValue {
        var members: [JSONValue.Member] = []
        var seen: Set<[UInt8]> = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            guard index < text.count, text[index] == UInt8(ascii: "\"") else { throw error("expected a key") }
            let key = try string()
            guard seen.insert(key).inserted else { throw error("the key before this byte stands twice in one object") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("expected \":\"") }
            skipSpace()
            members.append(JSONValue.Member(key: key, value: try value()))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw error("expected \",\" or \"}\"") }
            skipSpace()
        }
    }

    private mutating func array() throws(TokenizationError) -> JSONValue {
        var values: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            values.append(try value())
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else { throw error("expected \",\" or \"]\"") }
            skipSpace()
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < text.count, text[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(TokenizationError) -> JSONValue {
        for byte in word.utf8 {
            guard take(byte) else { throw error("expected \(word)") }
        }
        return value
    }

    private mutating func digits() -> Int {
        let start = index
        while index < text.count, (0x30...0x39).contains(text[index]) { index += 1 }
        return index - start
    }

    private mutating func number() throws(TokenizationError) -> JSONValue {
        let start = index
        _ = take(UInt8(ascii: "-"))
        let leadingZero = index < text.count && text[index] == 0x30
        let count = digits()
        guard count > 0, count == 1 || !leadingZero else { throw error("expected a value") }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            guard digits() > 0 else { throw error("a digit must follow the point") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() > 0 else { throw error("a digit must follow the exponent's sign") }
        }
        let literal = String(decoding: text[start..<index], as: UTF8.self)
        if isInteger, let integer = Int(literal) { return .integer(integer) }
        return .number(literal)
    }

    private mutating func string() throws(TokenizationError) -> [UInt8] {
        index += 1
        var result: [UInt8] = []
        while index < text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return result
            case UInt8(ascii: "\\"):
                index += 1
                try escape(into: &result)
            case 0..<0x20:
                throw error("a control character must be escaped")
            case 0..<0x80:
                result.append(byte)
                index += 1
            default:
                guard case .complete(_, let length) = text.span.utf8Sequence(at: index) else {
                    throw error("the bytes are not UTF-8")
                }
                result.append(contentsOf: text[index..<index + length])
                index += length
            }
        }
        throw error("a string is not closed")
    }

    private mutating func escape(into result: inout [UInt8]) throws(TokenizationError) {
        guard index < text.count else { throw error("a string is not closed") }
        let letter = text[index]
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(letter)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            guard let scalar = Unicode.Scalar(try escapedScalar()) else { throw error("an unpaired surrogate") }
            result.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        default: throw error("an unknown escape")
        }
    }

    private mutating func escapedScalar() throws(TokenizationError) -> UInt32 {
        let first = try hexadecimal()
        guard (0xD800...0xDBFF).contains(first) else { return first }
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error("an unpaired surrogate") }
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second) else { throw error("an unpaired surrogate") }
        return 0x1_0000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func hexadecimal() throws(TokenizationError) -> UInt32 {
        guard index + 4 <= text.count else { throw error("four hexadecimal digits must follow \\u") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(text[index])).hexDigitValue else {
                throw error("four hexadecimal digits must follow \\u")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}
