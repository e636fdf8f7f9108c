import Foundation
import TestSupport
import Testing

@Suite("engine score")
struct EngineScoreTests {
    private struct Answer: Decodable {
        var ids: [Int32]
        var nll: [Float]
        var logits: [Float]?
        var greedy: [Int32]?
    }

    private static func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
        a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
    }

    private func answers(_ arguments: [String], input: String) throws -> [Answer] {
        let folder = try TinyModelFolder()
        let file = try folder.write(input, to: "input.jsonl")
        let result = try Program.run(["engine", "score", "--input", file] + arguments)
        #expect(result.status == 0, "\(result.errors)")
        return try result.output.split(separator: "\n").map {
            try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
        }
    }

    @Test("prints what transformers and peft compute", arguments: ["llama", "gemma"], [false, true])
    func reference(name: String, adapted: Bool) throws {
        let fixture = try FamilyFixture.load(name)
        let expected = adapted ? fixture.adapter : fixture.base
        let folder = FamilyFixture.folder(name)
        let answers = try answers(
            ["--model", folder, "--logits", "--greedy", "24"] + (adapted ? ["--adapter", folder + "/adapter"] : []),
            input: "{\"ids\":\(expected.long)}\n\n{\"ids\":\(expected.prompt)}\n")
        try #require(answers.count == 2)
        #expect(answers[0].ids == expected.long)
        #expect(Self.largestDifference(answers[0].nll, expected.nll) < 1e-4)
        #expect(Self.largestDifference(answers[1].logits ?? [], expected.logits) < 1e-3)
        #expect(answers[1].greedy == expected.greedy)
    }

    @Test("text is encoded with added tokens, and only what is asked for is printed")
    func text() throws {
        let model = try TinyEngineModel()
        let answers = try answers(["--model", model.base], input: #"{"text":"a<|im_end|>b"}"#)
        try #require(answers.count == 1)
        #expect(answers[0].ids.count == 3 && answers[0].ids[1] == 2 && answers[0].nll.count == 2)
        #expect(answers[0].logits == nil && answers[0].greedy == nil)
    }

    @Test(
        "a bad line is named by file and number",
        arguments: [
            "{}", "[]", "{\"ids\":[1],\"text\":\"a\"}", "{\"ids\":[]}", "{\"ids\":[259]}", "{\"ids\":[1.5]}", "x",
            "{\"ids\":[-1]}", "{\"text\":3}", "{\"ids\":[\(String(repeating: "5,", count: 600))5]}",
        ])
    func badLine(_ line: String) throws {
        let model = try TinyEngineModel()
        let file = try model.folder.write("{\"ids\":[5]}\n" + line, to: "input.jsonl")
        let result = try Program.run(["engine", "score", "--model", model.base, "--input", file])
        #expect(result.status == 1 && result.errors.contains("input.jsonl:2: "), "\(result.errors)")
    }
}
