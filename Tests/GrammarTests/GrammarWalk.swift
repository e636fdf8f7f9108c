import ChatAPI
import Grammar
import TestSupport

/// A vocabulary of all bytes and some longer strings, such as tokenizers have.
enum SmallVocabulary {
    static let strings: [[UInt8]] =
        [[]] + (0...255).map { [UInt8($0)] }
        + ["{\"", "\":", ", \"", "\"}", "true", "false", "null", "00", "é", "日本", "\\u00", "\\n", "[]", "},", "  "].map
    {
        Array($0.utf8)
    }
    static let trie = VocabularyTrie(strings)
}

extension GrammarAutomaton {
    convenience init(_ grammar: Grammar) {
        self.init(grammar, vocabulary: SmallVocabulary.trie)
    }

    /// The tokens of a state's mask.
    func tokens(_ state: Int32) -> [Int32] {
        mask(state).enumerated().flatMap { index, word in
            (0..<64).filter { word & 1 << UInt64($0) != 0 }.map { Int32(index * 64 + $0) }
        }
    }

    func accepts(_ text: String) -> Bool {
        accepts(text.isEmpty ? GrammarAutomaton.start : next(GrammarAutomaton.start, bytes: Array(text.utf8)))
    }

    /// A random text of the language; nil if it grew too long.
    func randomText(_ random: inout SeededRandom, longest: Int = 4_000) -> [UInt8]? {
        var state = GrammarAutomaton.start
        var text: [UInt8] = []
        while text.count < longest {
            let allowed = tokens(state)
            if accepts(state), allowed.isEmpty || Int.random(in: 0..<3, using: &random) == 0 { return text }
            // Closing brackets and quotes are preferred: random strings and lists would hardly ever end.
            let closing = allowed.filter { [0x22, 0x5D, 0x7D].contains(SmallVocabulary.strings[Int($0)].first) }
            let from = !closing.isEmpty && Bool.random(using: &random) ? closing : allowed
            guard let token = from.randomElement(using: &random) else { return nil }
            state = next(state, token: token)
            text += SmallVocabulary.strings[Int(token)]
        }
        return nil
    }
}

/// A plain validator of the supported keywords, written from the specification and not from the grammar.
struct PlainValidator {
    let root: JSONValue

    func isValid(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        if let bool = schema.bool { return bool }
        if let pointer = schema["$ref"]?.string?.text {
            let name = String(pointer.split(separator: "/").last ?? "")
            let target = pointer == "#" ? root : root["$defs"]?.members.first { $0.key.text == name }?.value
            guard let target, isValid(value, target) else { return false }
        }
        if let parts = schema["allOf"], !parts.elements.allSatisfy({ isValid(value, $0) }) { return false }
        if let options = schema["oneOf"], options.elements.filter({ isValid(value, $0) }).count != 1 { return false }
        if let options = schema["anyOf"], !options.elements.contains(where: { isValid(value, $0) }) { return false }
        if let constant = schema["const"], !isEqual(value, constant) { return false }
        if let values = schema["enum"], !values.elements.contains(where: { isEqual(value, $0) }) { return false }
        if let type = schema["type"] {
            let types = type.string?.text.map { [$0] } ?? type.elements.compactMap { $0.string?.text }
            guard types.contains(where: { isOf(value, $0) }) else { return false }
        }
        if let text = value.string?.text {
            let length = text.unicodeScalars.count
            if length < schema["minLength"]?.int ?? 0 || length > schema["maxLength"]?.int ?? .max { return false }
        }
        if let number = value.double {
            if number < schema["minimum"]?.double ?? -.infinity || number > schema["maximum"]?.double ?? .infinity {
                return false
            }
            if let step = schema["multipleOf"]?.double {
                let steps = number / step
                if abs(steps - steps.rounded()) > 1e-6 { return false }
            }
        }
        if value.kind == .array {
            let items = value.elements.map { $0 }
            if items.count < schema["minItems"]?.int ?? 0 || items.count > schema["maxItems"]?.int ?? .max {
                return false
            }
            let first = schema["prefixItems"]?.elements.map { $0 } ?? []
            guard zip(items, first).allSatisfy({ isValid($0, $1) }) else { return false }
            if let item = schema["items"], !items.dropFirst(first.count).allSatisfy({ isValid($0, item) }) {
                return false
            }
        }
        return value.kind != .object || isObject(value, schema)
    }

    private func isObject(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        let members = value.members.map { ($0.key.text ?? "", $0.value) }
        let properties = schema["properties"]?.members.map { ($0.key.text ?? "", $0.value) } ?? []
        for name in schema["required"]?.elements.compactMap({ $0.string?.text }) ?? [] {
            guard members.contains(where: { $0.0 == name }) else { return false }
        }
        return members.allSatisfy { name, value in
            if let names = schema["propertyNames"]?["enum"] {
                guard names.elements.contains(where: { $0.string?.text == name }) else { return false }
            }
            if let patterns = schema["patternProperties"] {
                return patterns.members.allSatisfy { key, schema in
                    guard let pattern = key.text, let expression = try? Regex(pattern) else { return false }
                    return name.firstMatch(of: expression) == nil || isValid(value, schema)
                }
                    && patterns.members.contains { key, _ in
                        key.text.flatMap { try? Regex($0) }.map { name.firstMatch(of: $0) != nil } ?? false
                    }
            }
            if let property = properties.first(where: { $0.0 == name }) { return isValid(value, property.1) }
            let other = schema["additionalProperties"]
            return other?.kind == .object ? isValid(value, other!) : other?.bool ?? true
        }
    }

    private func isOf(_ value: JSONValue, _ type: String) -> Bool {
        switch type {
        case "integer": value.int != nil
        case "number": value.double?.isFinite ?? false
        case "string": value.string?.text != nil
        case "boolean": value.bool != nil
        case "null": value.isNull
        case "array": value.kind == .array
        case "object": value.kind == .object
        default: false
        }
    }

    private func isEqual(_ value: JSONValue, _ other: JSONValue) -> Bool {
        if let text = value.string?.text { return text == other.string?.text }
        return value.rawBytes.elementsEqual(other.rawBytes)
    }
}
