import Foundation
import PromptSchema

/// One pass over a schema file, which remembers where each part was written.
struct SchemaFileReader {
    let root: YAMLReader
    /// Where the message patterns and their parts stand, for errors of the schema as a whole.
    private var parts: [[YAMLReader]] = []
    private var bank: SchemaFileBank?
    private var bankValue: YAMLReader?

    init(root: YAMLReader) {
        self.root = root
    }

    func schema() throws(ConfigurationError) -> Schema {
        var reader = self
        return try reader.read()
    }

    private mutating func read() throws(ConfigurationError) -> Schema {
        let file = try root.mapping(keys: [
            "task", "version", "messages", "example_turns", "unknown_examples", "normalize_line_endings", "allow",
            "answer",
        ])
        let task = try file.required("task").nonEmptyString()
        let version = try file["version"]?.nonEmptyString() ?? "1"
        let policy = try file["unknown_examples"]?.choice(UnknownExamplePolicy.self) ?? .fullPrompt
        let normalizes = try file["normalize_line_endings"]?.bool() ?? true
        let allows = try file["allow"]?.strings() ?? []
        let answer = try file["answer"].map { value throws(ConfigurationError) in try self.answer(value) }
        var messages: [MessagePattern] = []
        for value in try file.required("messages").list() { messages.append(try message(value)) }
        let turns = try file["example_turns"].map { value throws(ConfigurationError) in
            try exampleTurns(value, messages: messages)
        }
        do throws(SchemaError) {
            return try Schema(
                id: task, version: version, messages: messages, exampleTurns: turns, unknownExamples: policy,
                normalizeLineEndings: normalizes, allows: Set(allows), answer: answer ?? AnswerRule())
        } catch {
            throw place(error, file)
        }
    }

    private mutating func message(_ value: YAMLReader) throws(ConfigurationError) -> MessagePattern {
        let message = try value.mapping(keys: ["role", "parts"])
        let role = try message.required("role").choice(Role.self)
        var found: [Part] = []
        parts.append([])
        for part in try message.required("parts").list() {
            parts[parts.count - 1].append(part)
            found.append(try self.part(part))
        }
        return MessagePattern(role: role, parts: found)
    }

    private mutating func part(_ value: YAMLReader) throws(ConfigurationError) -> Part {
        if value.isScalar, !value.isNull, try value.string() == "query" { return .query() }
        let kinds = ["template", "template_file", "examples", "context", "query"]
        let mapping = try value.mapping(keys: kinds + ["keep"])
        let entry = try mapping.single(of: kinds)
        let keep = try mapping["keep"]?.bool()
        if let keep = mapping["keep"], !entry.name.hasPrefix("template") {
            throw keep.error("only template text can be kept or removed", "remove 'keep' here")
        }
        switch entry.name {
        case "template": return .template(Array(try entry.value.string().utf8), keep: keep ?? false)
        case "template_file": return .template(try template(entry.value), keep: keep ?? false)
        case "examples": return .examples(try examples(entry.value))
        case "context": return .context(try slot(entry.value, name: nil))
        default: return .query(try slot(entry.value, name: "query"))
        }
    }

    private func slot(_ value: YAMLReader, name: String?) throws(ConfigurationError) -> Slot {
        if value.isNull { return Slot(name ?? "context") }
        if name == nil, value.isScalar { return Slot(try value.nonEmptyString()) }
        let mapping = try value.mapping(keys: name == nil ? ["name", "maximum_bytes"] : ["maximum_bytes"])
        let maximum = try mapping["maximum_bytes"]?.int(in: 1...Int.max)
        if let name { return Slot(name, maximumBytes: maximum) }
        return Slot(try mapping.required("name").nonEmptyString(), maximumBytes: maximum)
    }

    private func template(_ value: YAMLReader) throws(ConfigurationError) -> [UInt8] {
        let bytes = try YAMLReader.readBytes(path: try path(value))
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw value.error("the file begins with a byte-order mark", "save it as UTF-8 without one")
        }
        return bytes
    }

    private mutating func examples(_ value: YAMLReader) throws(ConfigurationError) -> ExampleBlock {
        let mapping = try value.mapping(keys: ["prefix", "separator", "suffix", "bank", "maximum"])
        return ExampleBlock(
            prefix: try bytes(mapping["prefix"]), separator: try bytes(mapping.required("separator")),
            suffix: try bytes(mapping["suffix"]), bank: try bank(mapping["bank"]),
            maximum: try mapping["maximum"]?.int(in: 1...Int.max))
    }

    private mutating func exampleTurns(
        _ value: YAMLReader, messages: [MessagePattern]
    ) throws(ConfigurationError) -> ExampleTurns {
        let mapping = try value.mapping(keys: ["after", "user", "assistant", "bank", "maximum"])
        let query = messages.firstIndex { $0.parts.contains { if case .query = $0 { true } else { false } } }
        let user = try mapping["user"].map { value throws(ConfigurationError) in
            try value.mapping(keys: ["prefix", "suffix"])
        }
        let assistant = try mapping["assistant"].map { value throws(ConfigurationError) in
            try value.mapping(keys: ["prefix", "suffix"])
        }
        return ExampleTurns(
            position: try mapping["after"]?.int(in: 0...messages.count) ?? query ?? messages.count,
            userPrefix: try bytes(user?["prefix"]), userSuffix: try bytes(user?["suffix"]),
            assistantPrefix: try bytes(assistant?["prefix"]), assistantSuffix: try bytes(assistant?["suffix"]),
            bank: try bank(mapping["bank"]), maximum: try mapping["maximum"]?.int(in: 1...Int.max))
    }

    private func bytes(_ value: YAMLReader?) throws(ConfigurationError) -> [UInt8] {
        guard let value else { return [] }
        return Array(try value.string().utf8)
    }

    private mutating func bank(_ value: YAMLReader?) throws(ConfigurationError) -> [Example] {
        guard let value else { return [] }
        let file = try SchemaFileBank(path: try path(value))
        bank = file
        bankValue = value
        return file.examples
    }

    /// The path of a file that the schema names, which must lie in the schema's folder.
    func path(_ value: YAMLReader) throws(ConfigurationError) -> String {
        let name = try value.nonEmptyString()
        guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
            throw value.error("it leaves the schema's folder", "name a file below the folder of the schema file")
        }
        let folder = (root.file as NSString).deletingLastPathComponent
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        guard FileManager.default.fileExists(atPath: path) else {
            throw value.error("there is no file \(path)", "create it, or correct the path")
        }
        return path
    }

    /// The place in the files that an error of the whole schema is about.
    private func place(_ error: SchemaError, _ file: YAMLMapping) -> ConfigurationError {
        let text = error.description
        let split = text.range(of: "; ", options: .backwards)
        let problem = String(text[..<(split?.lowerBound ?? text.endIndex)])
        let advice = split.map { String(text[$0.upperBound...]) } ?? "correct it"
        func at(_ value: YAMLReader?) -> ConfigurationError { (value ?? root).error(problem, advice) }
        switch error {
        case .invalidTaskName: return at(file["task"])
        case .invalidVersion: return at(file["version"])
        case .emptyLiteral(let message, let part), .invalidUTF8(let message, let part),
            .adjacentVariables(let message, let part), .secondQuery(let message, let part):
            return at(parts[message][part])
        case .queryOutsideUser(let message), .emptyMessage(let message):
            return at(parts[message].first ?? file["messages"])
        case .invalidExample(let row), .duplicateExample(_, let row), .markerInExample(let row):
            return bank?.error(row: row, problem, advice) ?? at(file["messages"])
        case .invalidTurnsPosition: return at(file["example_turns"])
        case .emptyMarker, .invalidMarker, .severalExampleParts: return at(bankValue ?? file["messages"])
        case .invalidAllowance: return at(file["allow"])
        default: return at(file["messages"])
        }
    }
}
