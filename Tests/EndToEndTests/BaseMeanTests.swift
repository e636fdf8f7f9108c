import Engine
import Foundation
import TestSupport
import Testing

@Suite("base mean")
struct BaseMeanTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/base-mean-\(UUID().uuidString)"

    private func base(_ name: String, layers: Int = 1, fill: Float, tokenizer: String = "{}") throws -> String {
        let config = ModelConfig(
            vocabularySize: 8, hiddenSize: 8, intermediateSize: 8, layerCount: layers, headCount: 2,
            keyValueHeadCount: 1, headSize: 4, maximumPositions: 16)
        var weights = ModelWeights(config: config)
        for index in weights.values.indices { weights.values[index] = fill * Float(index % 7) }
        let path = folder + "/" + name
        try weights.save(folder: path, precision: .float32)
        try Data(tokenizer.utf8).write(to: URL(fileURLWithPath: path + "/tokenizer.json"))
        try Data("{\"a\":1}".utf8).write(to: URL(fileURLWithPath: path + "/tokenizer_config.json"))
        return path
    }

    @Test("each weight is the mean of the bases' own, and the tokenizer goes with them")
    func mean() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bases = try [base("a", fill: 1), base("b", fill: 2), base("c", fill: 6)]
        let result = try Program.run(["base", "mean"] + bases + ["--output", folder + "/mean"])
        #expect(result.status == 0, "\(result.errors)")
        let mean = try ModelWeights.load(folder: folder + "/mean")
        #expect(mean.values == mean.values.indices.map { 3 * Float($0 % 7) })
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            #expect(
                FileManager.default.contents(atPath: "\(folder)/mean/\(name)")
                    == FileManager.default.contents(atPath: "\(bases[0])/\(name)"))
        }
    }

    @Test("bases of another shape or with other tokens, and one base alone, are refused by name")
    func refusals() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try base("a", fill: 1)
        func refusal(_ others: String...) throws -> String {
            let result = try Program.run(["base", "mean", first] + others + ["--output", folder + "/mean"])
            #expect(result.status != 0)
            return result.errors
        }
        #expect(try refusal(base("deep", layers: 2, fill: 1)).contains("another configuration"))
        #expect(try refusal(base("words", fill: 1, tokenizer: "[]")).contains("words/tokenizer.json: it differs"))
        #expect(try refusal(folder + "/none").contains("none/tokenizer.json"))
        #expect(!FileManager.default.fileExists(atPath: folder + "/mean"))
        #expect(try refusal().contains("at least two"))
        #expect(try refusal(folder + "/mean").contains("folder of its own"))
    }
}
