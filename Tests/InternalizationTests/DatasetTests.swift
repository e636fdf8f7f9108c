import Foundation
import PromptSchema
import TestSupport
import Testing

@testable import Internalization

@Suite("Data sets")
struct DatasetTests {
    private func schema() throws -> Schema {
        let block = ExampleBlock(
            prefix: Array("Q: ".utf8), separator: Array("\nA: ".utf8), suffix: Array("\n".utf8), bank: [])
        return try Schema(
            id: "t", version: "1",
            messages: [
                MessagePattern(role: .system, parts: [.template("Answer in French.\n"), .examples(block)]),
                MessagePattern(role: .user, parts: [.template("Question: "), .query()]),
            ], unknownExamples: .strip)
    }

    private func imported(_ lines: [String]) throws -> DatasetImport {
        let folder = try TinyModelFolder()
        let path = folder.path + "/recorded.jsonl"
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
        var dataset = DatasetImport(schema: try schema())
        try dataset.read(path)
        return dataset
    }

    private static let system = #"{"role":"system","content":"Answer in French.\nQ: one\nA: un\n"}"#

    @Test("fine-tuning lines and recorded exchanges give the same rows, with the examples that were shown")
    func forms() throws {
        let given =
            #"{"messages":[\#(Self.system),{"role":"user","content":"Question: two?"},{"role":"assistant","content":"deux\r\n"}]}"#
        let recorded = #"""
            {"request":{"model":"m","messages":[\#(Self.system),{"role":"user","content":[{"type":"text","text":"Question: three?"}]}]},"response":{"choices":[{"message":{"role":"assistant","content":"trois"}}]}}
            """#
        let dataset = try imported([given, "", recorded, given])
        #expect(dataset.rows.map(\.query) == ["two?", "three?"])
        #expect(dataset.rows.map(\.answer) == ["deux", "trois"])
        #expect(dataset.examples == [ImportedExample(query: "one", answer: "un")])
        #expect(dataset.rows[0].examples == dataset.examples)
        #expect(dataset.rows[0].source.hasSuffix("recorded.jsonl:1"))
        #expect(dataset.rows[0].sha256.count == 64 && dataset.rows[0].sha256 != dataset.rows[1].sha256)
        #expect(dataset.report.lines == 3 && dataset.report.rows == 2 && dataset.report.duplicates == 1)
        #expect(dataset.report.refused.isEmpty)
    }

    @Test("what does not parse is counted by reason, with its place and without its text")
    func refusals() throws {
        let user = #"{"role":"user","content":"Question: two?"}"#
        let dataset = try imported([
            "not json", #"{"messages":"none"}"#, #"{"messages":[\#(Self.system),\#(user)]}"#,
            #"{"messages":[\#(Self.system),\#(user),{"role":"assistant","content":"  "}]}"#,
            #"{"messages":[\#(Self.system),{"role":"user","content":[{"type":"image_url"}]},{"role":"assistant","content":"x"}]}"#,
            #"{"messages":[{"role":"system","content":"secret text"},\#(user),{"role":"assistant","content":"x"}]}"#,
        ])
        #expect(dataset.rows.isEmpty)
        #expect(dataset.report.refused["not_json"] == 1 && dataset.report.refused["no_messages"] == 1)
        #expect(dataset.report.refused["no_answer"] == 2 && dataset.report.refused["not_text"] == 1)
        #expect(dataset.report.refused.values.reduce(0, +) == 6)
        let text = String(decoding: try JSONEncoder().encode(dataset.report), as: UTF8.self)
        #expect(!text.contains("secret") && text.contains("recorded.jsonl:6"))
    }

    @Test("the same query with another answer is a conflict in one group, also with other case and white space")
    func conflicts() throws {
        func line(_ query: String, _ answer: String) -> String {
            #"{"messages":[{"role":"system","content":"Answer in French.\n"},{"role":"user","content":"Question: \#(query)"},{"role":"assistant","content":"\#(answer)"}]}"#
        }
        let dataset = try imported([line("Two?", "deux"), line("two? ", "2"), line("three", "trois")])
        #expect(dataset.report.conflicts == 1 && dataset.rows.count == 3)
        #expect(dataset.rows[0].group == dataset.rows[1].group && dataset.rows[0].group != dataset.rows[2].group)
    }

    @Test("a split keeps groups together, does not depend on the other rows, and has about the shares asked for")
    func split() throws {
        let rows = (0..<4_000).map { TaskRow(query: "query \($0)", answer: "\($0 % 7)", group: "g\($0 / 4)") }
        let split = try DatasetSplit(rows, dev: 0.1, test: 0.2)
        func groups(_ rows: [TaskRow]) -> Set<String> { Set(rows.compactMap(\.group)) }
        #expect(groups(split.train).isDisjoint(with: groups(split.test)))
        #expect(groups(split.train).isDisjoint(with: groups(split.dev)))
        #expect(split.train.count + split.dev.count + split.test.count == 4_000)
        #expect((600...1_000).contains(split.test.count) && (280...520).contains(split.dev.count))
        let half = try DatasetSplit(Array(rows.prefix(2_000)), dev: 0.1, test: 0.2)
        #expect(Set(half.test).isSubset(of: Set(split.test)))
        #expect(try DatasetSplit(rows, dev: 0.1, test: 0.2, salt: "b") != split)
        #expect(throws: InternalizationError.self) { try DatasetSplit(rows, dev: 0.5, test: 0.5) }
    }

    @Test("leakage is counted by query, by group and by answer; duplicates and shared answers too")
    func statistics() {
        let train = [
            TaskRow(query: "Find it", answer: "a", group: "1"), TaskRow(query: "x", answer: "a", group: "2"),
            TaskRow(query: "x", answer: "a", group: "2"),
        ]
        let test = [
            TaskRow(query: "find  IT", answer: "b"), TaskRow(query: "new", answer: "c", group: "2"),
            TaskRow(query: "other", answer: "a"),
        ]
        let found = DatasetStatistics(["train": train, "test": test]) { $0.utf8.count }
        #expect(found.leakage == [.init(part: "test", queries: 1, groups: 1, answers: 1)])
        #expect(found.leaks)
        #expect(found.parts["train"]?.duplicates == 1 && found.parts["train"]?.sharedAnswers == 3)
        #expect(found.parts["test"]?.groups == 3)
        #expect(!DatasetStatistics(["train": train, "dev": [test[2]]]) { $0.utf8.count }.leaks)
    }
}
