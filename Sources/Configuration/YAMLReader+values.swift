import Foundation
import Yams

extension YAMLReader {
    /// The value as text. Numbers and booleans are taken as they are written.
    func string() throws(ConfigurationError) -> String {
        guard case .scalar(let scalar) = node, !isNull else {
            throw error("it must be text, and is \(kind)", "write text, in quotes if it has special characters")
        }
        return try expand(scalar.string)
    }

    /// The value as text with at least one character.
    func nonEmptyString() throws(ConfigurationError) -> String {
        let text = try string()
        guard !text.isEmpty else { throw error("it is empty", "write a value, or remove the key") }
        return text
    }

    /// The value as a whole number within `range`.
    func int(in range: ClosedRange<Int> = .min ... .max) throws(ConfigurationError) -> Int {
        guard let value = try number(Int.init) ?? node.int, case .scalar = node else {
            throw error("it must be a whole number", "write digits only")
        }
        guard range.contains(value) else {
            throw error("it must be \(Self.describe(range))", "choose a number in that range")
        }
        return value
    }

    /// The value as a finite number within `range`.
    func double(in range: ClosedRange<Double>? = nil) throws(ConfigurationError) -> Double {
        guard let value = try number(Double.init) ?? node.float, value.isFinite else {
            throw error("it must be a number", "write a number such as 0.5")
        }
        if let range, !range.contains(value) {
            throw error(
                "it must be from \(range.lowerBound) to \(range.upperBound)", "choose a number in that range")
        }
        return value
    }

    /// The value as true or false.
    func bool() throws(ConfigurationError) -> Bool {
        switch try string() {
        case "true", "True", "TRUE", "yes", "on": return true
        case "false", "False", "FALSE", "no", "off": return false
        default: throw error("it must be true or false", "write true or false")
        }
    }

    /// The value as one of an enumeration's raw values.
    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ type: Value.Type
    ) throws(ConfigurationError) -> Value {
        let text = try string()
        if let value = Value(rawValue: text) { return value }
        let names = Value.allCases.map(\.rawValue)
        throw error("'\(text)' is not one of its values", Self.advice(for: text, among: names))
    }

    /// The values of a list.
    func list() throws(ConfigurationError) -> [YAMLReader] {
        guard case .sequence(let sequence) = node else {
            throw error("it must be a list, and is \(kind)", "write one item per line, each after '- '")
        }
        return sequence.enumerated().map { index, item in
            child("\(key)[\(index)]", item, line: item.mark?.line)
        }
    }

    /// The list's values as text.
    func strings() throws(ConfigurationError) -> [String] {
        var texts: [String] = []
        for item in try list() { texts.append(try item.string()) }
        return texts
    }

    /// A mapping all of whose keys are known; an unknown one is an error that says which was probably meant.
    func mapping(keys: [String]) throws(ConfigurationError) -> YAMLMapping {
        let mapping = try mapping()
        findings?.note(keys: keys, of: key)
        for entry in mapping.entries where !keys.contains(entry.name) {
            let error = entry.value.error(
                "it is not a known key", Self.advice(for: entry.name, among: keys), at: entry.line)
            guard let findings else { throw error }
            findings.add(error)
        }
        return mapping
    }

    /// A mapping whose keys are names of the reader's own choice.
    func mapping() throws(ConfigurationError) -> YAMLMapping {
        guard case .mapping(let mapping) = node else {
            throw error("it must be a mapping, and is \(kind)", "write 'key: value' lines")
        }
        var entries: [YAMLMapping.Entry] = []
        for (name, value) in mapping {
            guard case .scalar(let scalar) = name else {
                throw error("a key is not plain text", "write 'key: value' lines")
            }
            let path = key.isEmpty ? scalar.string : "\(key).\(scalar.string)"
            entries.append(
                YAMLMapping.Entry(
                    name: scalar.string, line: name.mark?.line ?? value.mark?.line,
                    value: child(path, value, line: name.mark?.line ?? value.mark?.line)))
        }
        return YAMLMapping(owner: self, entries: entries)
    }

    private func child(_ key: String, _ node: Node, line: Int?) -> YAMLReader {
        findings?.note(line: line, of: key)
        return YAMLReader(file: file, key: key, node: node, environment: environment, findings: findings)
    }

    /// The same error at another line.
    func error(_ problem: String, _ advice: String, at line: Int?) -> ConfigurationError {
        ConfigurationError(file: file, line: line ?? self.line, key: key, problem: problem, advice: advice)
    }

    private static func advice(for word: String, among names: [String]) -> String {
        if let name = NearestName.of(word, among: names) { return "did you mean '\(name)'?" }
        return "known are \(names.sorted().joined(separator: ", "))"
    }

    private static func describe(_ range: ClosedRange<Int>) -> String {
        if range.upperBound == .max { return "at least \(range.lowerBound)" }
        if range.lowerBound == .min { return "at most \(range.upperBound)" }
        return "from \(range.lowerBound) to \(range.upperBound)"
    }

    /// The number in a string that refers to the environment; `nil` for any other value.
    private func number<Value>(_ parse: (String) -> Value?) throws(ConfigurationError) -> Value? {
        guard environment != nil, case .scalar(let scalar) = node, scalar.string.contains("${") else { return nil }
        return parse(try expand(scalar.string))
    }

    private func expand(_ text: String) throws(ConfigurationError) -> String {
        guard let environment, text.contains("${") else { return text }
        var result = ""
        var rest = text[...]
        while let open = rest.range(of: "${") {
            result += rest[..<open.lowerBound]
            guard let close = rest.range(of: "}", range: open.upperBound..<rest.endIndex) else {
                throw error("a '${' has no '}'", "close it, as in ${NAME} or ${NAME:-default}")
            }
            let reference = rest[open.upperBound..<close.lowerBound]
            let fallback = reference.range(of: ":-")
            let name = String(reference[..<(fallback?.lowerBound ?? reference.endIndex)])
            let value = environment[name] ?? ""
            if !value.isEmpty {
                result += value
            } else if let fallback {
                result += reference[fallback.upperBound...]
            } else {
                throw error("the environment variable \(name) is not set", "set it, or write ${\(name):-default}")
            }
            rest = rest[close.upperBound...]
        }
        return result + rest
    }
}
