/// A JSON reader after RFC 8259, recursive and slow, that shares no line with the one it is compared with.
struct ReferenceJSON {
    indirect enum Value {
        case null
        case bool(Bool)
        /// As it is written.
        case number([UInt8])
        /// Nil if the string stands for no Unicode text.
        case string([UInt8]?)
        case array([Value])
        case object([(key: [UInt8]?, value: Value)])
    }

    private let bytes: [UInt8]
    private let depth: Int
    private var at = 0
    /// Values and keys so far.
    private(set) var valueCount = 0

    init(_ bytes: [UInt8], depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    /// The text's value; nil if it is not JSON.
    mutating func document() -> Value? {
        guard let value = value(0) else { return nil }
        space()
        return at == bytes.count ? value : nil
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func space() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
    }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[at...].starts(with: text.utf8) else { return false }
        at += text.utf8.count
        return true
    }

    private mutating func value(_ level: Int) -> Value? {
        space()
        valueCount += 1
        if take("null") { return .null }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        if next == UInt8(ascii: "\"") { return string().map { .string($0) } }
        if next == UInt8(ascii: "[") { return level < depth ? array(level) : nil }
        if next == UInt8(ascii: "{") { return level < depth ? object(level) : nil }
        return number()
    }

    private mutating func array(_ level: Int) -> Value? {
        at += 1
        space()
        if take("]") { return .array([]) }
        var elements: [Value] = []
        while let element = value(level + 1) {
            elements.append(element)
            space()
            if take("]") { return .array(elements) }
            guard take(",") else { return nil }
        }
        return nil
    }

    private mutating func object(_ level: Int) -> Value? {
        at += 1
        space()
        if take("}") { return .object([]) }
        var members: [(key: [UInt8]?, value: Value)] = []
        while true {
            space()
            valueCount += 1
            guard next == UInt8(ascii: "\""), let key = string() else { return nil }
            space()
            guard take(":"), let value = value(level + 1) else { return nil }
            members.append((key, value))
            space()
            if take("}") { return .object(members) }
            guard take(",") else { return nil }
        }
    }

    private mutating func number() -> Value? {
        let start = at
        _ = take("-")
        let whole = digits()
        guard !whole.isEmpty, whole.count == 1 || whole[0] != UInt8(ascii: "0") else { return nil }
        if take("."), digits().isEmpty { return nil }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            if digits().isEmpty { return nil }
        }
        return .number(Array(bytes[start..<at]))
    }

    private mutating func digits() -> [UInt8] {
        let start = at
        while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
        return Array(bytes[start..<at])
    }

    /// The text, or nil inside the optional for one that is not Unicode.
    private mutating func string() -> [UInt8]?? {
        at += 1
        var units: [UInt16] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return .some(text(units))
            case UInt8(ascii: "\\"):
                guard let unit = escape() else { return nil }
                units.append(unit)
            case 0..<0x20: return nil
            case 0..<0x80: units.append(UInt16(byte))
            default:
                let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
                let sequence = bytes[(at - 1)...].prefix(length)
                guard let character = String(validating: sequence, as: UTF8.self), character.unicodeScalars.count == 1
                else { return nil }
                at += length - 1
                units += Array(character.utf16)
            }
        }
        return nil
    }

    private mutating func escape() -> UInt16? {
        let short: [(String, UInt16)] = [
            ("\"", 0x22), ("\\", 0x5C), ("/", 0x2F), ("b", 8), ("f", 12), ("n", 10), ("r", 13), ("t", 9),
        ]
        for (name, unit) in short where take(name) { return unit }
        guard take("u"), at + 4 <= bytes.count else { return nil }
        let digits = bytes[at..<at + 4].map { Character(Unicode.Scalar($0)) }
        guard digits.allSatisfy(\.isHexDigit) else { return nil }
        at += 4
        return UInt16(String(digits), radix: 16)
    }

    private func text(_ units: [UInt16]) -> [UInt8]? {
        String(validating: units, as: UTF16.self).map { Array($0.utf8) }
    }
}
