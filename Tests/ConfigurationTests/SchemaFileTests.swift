import Foundation
import PromptSchema
import Testing

@testable import Configuration

/// A folder of its own for one test, removed with it.
final class SchemaFolder {
    let path: String

    init(_ files: [String: String]) throws {
        let root = FileManager.default.temporaryDirectory
        path = root.appendingPathComponent("schema-\(UUID().uuidString)").path
        for (name, text) in files {
            let file = URL(fileURLWithPath: path).appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func load() throws(ConfigurationError) -> Schema { try SchemaFile.load(path: "\(path)/schema.yaml") }

    /// The error of loading the folder's schema, with the folder's own path left out.
    func error() -> String {
        do throws(ConfigurationError) {
            _ = try load()
            return "none"
        } catch {
            return error.description.replacingOccurrences(of: "\(path)/", with: "")
        }
    }
}

@Suite("schema files")
struct SchemaFileTests {
    static let valid = """
        task: formulas
        version: "7"
        unknown_examples: full_prompt
        normalize_line_endings: true
        allow: [user, metadata]
        messages:
          - role: system
            parts:
              - template_file: template/system.txt
              - template: "Never guess a code.\\n\\n"
                keep: true
              - examples:
                  prefix: "Question: "
                  separator: "\\nFormula: "
                  suffix: "\\n\\n"
                  bank: examples.jsonl
                  maximum: 10
              - template: Answer the next question with its formula only.
          - role: user
            parts:
              - query: {maximum_bytes: 4000}
        """
    static let bank = """
        {"query": "How long is Alma?", "answer": "=LEN(QX7)", "group": 4}

        {"query": "Wo liegt \\u00c5sa?", "answer": "=BERTH(\\"A1\\")"}
        """
    static let files = ["schema.yaml": valid, "template/system.txt": "You write formulas.\n", "examples.jsonl": bank]

    private func error(_ yaml: String, bank: String = bank) throws -> String {
        var files = Self.files
        files["schema.yaml"] = yaml
        files["examples.jsonl"] = bank
        return try SchemaFolder(files).error()
    }

    private func error(replacing old: String, with new: String) throws -> String {
        #expect(Self.valid.contains(old))
        return try error(Self.valid.replacingOccurrences(of: old, with: new))
    }

    @Test("a complete schema file gives the schema that its text describes")
    func complete() throws {
        let schema = try SchemaFolder(Self.files).load()
        #expect(schema.id == "formulas")
        #expect(schema.version == "7")
        #expect(schema.allows == ["user", "metadata"])
        #expect(schema.bank.count == 2)
        #expect(schema.bank[1] == Example(input: "Wo liegt Åsa?", output: "=BERTH(\"A1\")"))
        #expect(schema.literals.map(\.keep) == [false, true, false])
        #expect(schema.literals[0].text == Array("You write formulas.\n".utf8))
        let messages = try schema.render(PromptParts(query: "Where is Alma?", examples: [.bank(1), .bank(0)]))
        guard case .task(let prompt) = schema.recognize(messages) else {
            Issue.record("not recognized")
            return
        }
        #expect(
            strip(prompt, from: messages).messages.map(\.text) == [
                Array("Never guess a code.\n\n".utf8), Array("Where is Alma?".utf8),
            ])
    }

    @Test("example turns, contexts and short forms are read")
    func turns() throws {
        let yaml = """
            task: turns
            unknown_examples: strip
            messages:
              - role: developer
                parts: [{template: Be brief.}]
              - role: user
                parts:
                  - template: "Notes: "
                  - context: {name: notes, maximum_bytes: 100}
                  - template: "\\nQ: "
                  - query
            example_turns:
              user: {prefix: "Q: "}
              bank: examples.jsonl
              maximum: 4
            """
        let schema = try SchemaFolder(["schema.yaml": yaml, "examples.jsonl": Self.bank]).load()
        #expect(schema.exampleTurns?.position == 1)
        #expect(schema.exampleTurns?.maximum == 4)
        #expect(schema.contextNames == ["notes"])
        #expect(schema.unknownExamples == .strip)
        #expect(schema.version == "1")
    }

    @Test(
        "every mistake is reported with file, line, key and remedy",
        arguments: [
            (
                "version: \"7\"", "verion: \"7\"",
                "schema.yaml:2: verion: it is not a known key; did you mean 'version'?"
            ),
            (
                "task: formulas", "task: Formulas!",
                "schema.yaml:1: task: the task name must be 1 to 64 of a-z, 0-9, '.', '_' and '-', and begin with a letter or digit; rename it"
            ),
            ("task: formulas\n", "", "schema.yaml:1: 'task' is missing; add the line 'task: …'"),
            (
                "full_prompt", "fullprompt",
                "schema.yaml:3: unknown_examples: 'fullprompt' is not one of its values; did you mean 'full_prompt'?"
            ),
            (
                "endings: true", "endings: perhaps",
                "schema.yaml:4: normalize_line_endings: it must be true or false; write true or false"
            ),
            (
                "role: system", "role: sytem",
                "schema.yaml:7: messages[0].role: 'sytem' is not one of its values; did you mean 'system'?"
            ),
            (
                "role: user", "role: assistant",
                "schema.yaml:21: messages[1].parts[0]: the query stands in message 2, which is not a user message; move it to one"
            ),
            (
                "template/system.txt", "../system.txt",
                "schema.yaml:9: messages[0].parts[0].template_file: it leaves the schema's folder; name a file below the folder of the schema file"
            ),
            (
                "template/system.txt", "template/missing.txt",
                "schema.yaml:9: messages[0].parts[0].template_file: there is no file template/missing.txt; create it, or correct the path"
            ),
            (
                "maximum: 10", "maximum: ten",
                "schema.yaml:17: messages[0].parts[2].examples.maximum: it must be a whole number; write digits only"
            ),
            (
                "maximum: 10", "maximum: 0",
                "schema.yaml:17: messages[0].parts[2].examples.maximum: it must be at least 1; choose a number in that range"
            ),
            (
                "prefix:", "prefixe:",
                "schema.yaml:13: messages[0].parts[2].examples.prefixe: it is not a known key; did you mean 'prefix'?"
            ),
            (
                "query: {maximum_bytes: 4000}", "context: q",
                "schema.yaml:7: messages: no message has a query part; add one where the request's own text stands"
            ),
            (
                "query: {maximum_bytes: 4000}", "keep: true",
                "schema.yaml:21: messages[1].parts[0]: it must have exactly one of template, template_file, examples, context, query, and has 0; keep one of them"
            ),
            (
                "- template: Answer", "- template: ''\n      - template: Answer",
                "schema.yaml:18: messages[0].parts[3]: message 1, part 4 is an empty template; write its text, or remove it"
            ),
            (
                "allow: [user", "allow: [us er",
                "schema.yaml:5: allow: a name in the allow list is empty or has blanks; use the request's own field names"
            ),
            (
                "task: formulas", "task: [formulas",
                "schema.yaml:2: it is not valid YAML: did not find expected ',' or ']'; check indentation, quotes and brackets here and on the line before"
            ),
            (
                "messages:", "messages: none\nmore:",
                "schema.yaml:7: more: it is not a known key; known are allow, answer, example_turns, messages, normalize_line_endings, task, unknown_examples, version"
            ),
        ])
    func mistakes(old: String, new: String, expected: String) throws {
        #expect(try error(replacing: old, with: new) == expected)
    }

    @Test("mistakes of the example bank name its own file and line")
    func bankMistakes() throws {
        let missing = try error(Self.valid, bank: "{\"query\": \"a\", \"answer\": \"b\"}\n{\"query\": \"a\"}\n")
        #expect(
            missing == "examples.jsonl:2: answer: the row has no such key; write {\"query\": \"…\", \"answer\": \"…\"}")
        let row = "{\"query\": \"a\", \"answer\": \"b\"}\n"
        #expect(
            try error(Self.valid, bank: row + "\n" + row)
                == "examples.jsonl:3: examples 1 and 2 of the bank have the same text in a prompt; remove one")
        #expect(try error(Self.valid, bank: "nonsense").hasPrefix("examples.jsonl:1: the row is not a JSON object"))
    }

    @Test("a file that is missing, empty, a folder or not UTF-8 is said to be so")
    func unreadable() throws {
        #expect(try SchemaFolder(["other": ""]).error() == "schema.yaml: there is no such file; check the path")
        #expect(try SchemaFolder(["schema.yaml": ""]).error() == "schema.yaml: the file is empty; write its settings")
        #expect(
            try SchemaFolder(["schema.yaml/x": ""]).error() == "schema.yaml: it is a folder; give the path of a file")
        #expect(try error("task: a\ntask: b\n") == "schema.yaml:1: a mapping has a key twice: task; remove one")
        let folder = try SchemaFolder(["schema.yaml": ""])
        try Data([0x61, 0xFF]).write(to: URL(fileURLWithPath: "\(folder.path)/schema.yaml"))
        #expect(folder.error() == "schema.yaml: it is not valid UTF-8; save the file as UTF-8")
    }

    @Test("a task can demand a regular expression or a JSON schema of its answers, which changes no fingerprint")
    func answers() throws {
        var files = Self.files
        let plain = try SchemaFolder(files).load()
        #expect(plain.answer == AnswerRule())
        files["schema.yaml"] = Self.valid + "\nanswer: {regex: '=[A-Z]+[(].*[)]'}\n"
        let regex = try SchemaFolder(files).load()
        #expect(regex.answer.form == .regularExpression("=[A-Z]+[(].*[)]"))
        #expect(regex.fingerprint == plain.fingerprint)
        files["schema.yaml"] = Self.valid + "\nanswer: {beams: 4, regex: a}\n"
        let both = try SchemaFolder(files).load()
        #expect(both.answer == AnswerRule(form: .regularExpression("a"), beams: 4))
        #expect(both.fingerprint == plain.fingerprint)
        files["schema.yaml"] = Self.valid + "\nanswer: {beams: 2}\n"
        #expect(try SchemaFolder(files).load().answer == AnswerRule(beams: 2))
        files["schema.yaml"] = Self.valid + "\nanswer:\n  json_schema: answer.json\n"
        files["answer.json"] = #"{"type":"string","format":"date"}"#
        let schema = try SchemaFolder(files).load()
        #expect(schema.answer.beams == 1)
        #expect(schema.answer.form == .jsonSchema(Array(#"{"type":"string","format":"date"}"#.utf8)))
    }

    @Test(
        "what is wrong with an answer's grammar is told by file, line and key",
        arguments: [
            ("answer: {regex: '(?=a)b'}", "{}", ["schema.yaml:22", "answer.regex", "(?:"]),
            ("answer: {regexp: a}", "{}", ["schema.yaml:22", "regexp", "regex"]),
            ("answer: {beams: 17}", "{}", ["schema.yaml:22", "answer.beams", "16"]),
            ("answer: {}", "{}", ["schema.yaml:22", "exactly one of regex, json_schema"]),
            ("answer: {json_schema: none.json}", "{}", ["schema.yaml:22", "answer.json_schema", "none.json"]),
            ("answer: {json_schema: ../answer.json}", "{}", ["schema.yaml:22", "leaves the schema's folder"]),
            ("answer: {json_schema: answer.json}", "{\n1}", ["answer.json:2", "key"]),
            (
                "answer: {json_schema: answer.json}", #"{"properties":{"a":{"not":{}}}}"#,
                ["answer.json", "/properties/a", "not"]
            ),
        ])
    func badAnswers(yaml: String, schema: String, parts: [String]) throws {
        var files = Self.files
        files["schema.yaml"] = Self.valid + "\n" + yaml + "\n"
        files["answer.json"] = schema
        let error = try SchemaFolder(files).error()
        for part in parts { #expect(error.contains(part), "\(error)") }
    }
}
