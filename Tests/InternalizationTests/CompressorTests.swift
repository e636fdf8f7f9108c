import Engine
import Foundation
import PromptSchema
import TestSupport
import Testing

@testable import Internalization

@Suite("Template compressors")
struct CompressorTests {
    private func isSubsequence(_ part: [UInt8], of whole: [UInt8]) -> Bool {
        var rest = whole[...]
        for byte in part {
            guard let index = rest.firstIndex(of: byte) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    /// Every promise of `TemplateCompressor` for compressors that choose from the template's own text.
    private func check(_ compressor: any TemplateCompressor, _ task: SmallTask, forced: String) throws {
        let schema = task.encoder.schema
        let count = task.encoder.count
        let whole = try compressor.compress(schema, rate: 1, countTokens: count)
        for literal in schema.removableLiterals { #expect(whole.literals[literal.number] == literal.text) }
        #expect(whole.actualRate == 1)
        let none = try compressor.compress(schema, rate: 0, countTokens: count)
        #expect(none.literals.values.allSatisfy(\.isEmpty) && none.actualRate == 0)
        var last = none
        for step in 1...10 {
            let rate = Double(step) / 10
            let result = try compressor.compress(schema, rate: rate, countTokens: count)
            let again = try compressor.compress(schema, rate: rate, countTokens: count)
            #expect(result == again)
            var text: [UInt8] = []
            for literal in schema.removableLiterals {
                let kept = try #require(result.literals[literal.number])
                #expect(isSubsequence(kept, of: literal.text))
                #expect((result.cuts?[literal.number] ?? []).flatMap { literal.text[$0] } == kept)
                #expect(isSubsequence(last.literals[literal.number] ?? [], of: kept), "\(compressor.name) at \(rate)")
                text += kept
            }
            #expect(String(decoding: text, as: UTF8.self).contains(forced))
            let ranking = UnitRanking(schema, forced: [forced], countTokens: count)
            let free = ranking.entries.filter(\.isForced).reduce(0) { $0 + $1.tokens }
            #expect(result.tokensAfter <= Int((rate * Double(result.tokensBefore)).rounded(.up)) + free)
            last = result
        }
    }

    @Test("rules, self-information and attribution keep their promises, also about forced texts")
    func promises() throws {
        let task = try SmallTask()
        let folder = try TinyModelFolder()
        let forced = "Branches"
        let inputs = task.inputs()
        try check(RuleCompressor(forced: [forced]), task, forced: forced)
        try check(try SelfInformationCompressor(inputs: inputs, forced: [forced]), task, forced: forced)
        try check(
            try AttributionCompressor(inputs: inputs, forced: [forced], cache: folder.path), task, forced: forced)
    }

    @Test("attribution keeps what a model needs that has learned to read it, and distrusts a model that has not")
    func attribution() throws {
        let task = try SmallTask()
        let folder = try TinyModelFolder()
        let raw = try AttributionCompressor(inputs: task.inputs(), cache: folder.path + "/raw")
        if !raw.isTrusted { #expect(raw.name == RuleCompressor().name) }
        var calls = 0
        let again = try AttributionCompressor(inputs: task.inputs(), cache: folder.path + "/raw") { _, _ in calls += 1 }
        #expect(calls == 0 && again.name == raw.name && again.correlation == raw.correlation)
        let other = try Schema(
            id: "other", version: "1",
            messages: [MessagePattern(role: .user, parts: [.template("Something else: "), .query()])])
        #expect(throws: InternalizationError.self) {
            try raw.compress(other, rate: 0.5, countTokens: task.encoder.count)
        }
    }

    @Test("rank correlation is 1 for the same order, -1 for the reverse, and shares ranks of equal values")
    func correlation() {
        #expect(abs(rankCorrelation([1, 2, 3, 9], [10, 20, 30, 31]) - 1) < 1e-12)
        #expect(abs(rankCorrelation([1, 2, 3], [3, 2, 1]) + 1) < 1e-12)
        #expect(rankCorrelation([1, 1, 1], [1, 2, 3]) == 0)
        // Ranks 0, 1.5, 1.5, 3 and 1, 0, 2.5, 2.5: numpy.corrcoef of them.
        #expect(abs(rankCorrelation([1, 2, 2, 4], [2, 1, 4, 4]) - 0.5) < 1e-12)
    }

    @Test("hand-written templates are taken at the nearest rate, and their real rate is reported")
    func files() throws {
        let task = try SmallTask()
        let schema = task.encoder.schema
        let folder = try TinyModelFolder()
        for (name, text) in [("0.6", "The books, shorter."), ("0.3", "Books.")] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + name, withIntermediateDirectories: true)
            for literal in schema.removableLiterals {
                try Data(text.utf8).write(
                    to: URL(fileURLWithPath: folder.path + "/\(name)/\(literal.number).txt"))
            }
        }
        let compressor = try FileCompressor(folder: folder.path, schema: schema)
        let long = try compressor.compress(schema, rate: 0.667, countTokens: task.encoder.count)
        let short = try compressor.compress(schema, rate: 0.333, countTokens: task.encoder.count)
        #expect(long.literals[0] == Array("The books, shorter.".utf8) && short.literals[0] == Array("Books.".utf8))
        #expect(long.actualRate > 0 && long.actualRate < 0.6 && short.actualRate < long.actualRate)
        #expect(
            try compressor.compress(schema, rate: 1, countTokens: task.encoder.count).literals[0]
                == schema.literals[0].text)
        #expect(throws: InternalizationError.self) {
            try FileCompressor(folder: folder.path + "/0.6", schema: schema)
        }
    }

    @Test("a command gets text and rate and is asked once; one that fails or answers nonsense is an error")
    func command() throws {
        let task = try SmallTask()
        let schema = task.encoder.schema
        let folder = try TinyModelFolder()
        let cache = folder.path + "/cache"
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let log = folder.path + "/log"
        let script = "cat >> \(log); echo '{\"text\": \"short\"}'"
        let compressor = try CommandCompressor(command: ["sh", "-c", script], cache: cache)
        for _ in 0..<2 {
            let result = try compressor.compress(schema, rate: 0.5, countTokens: task.encoder.count)
            #expect(result.literals[0] == Array("short".utf8) && result.actualRate < 1)
        }
        let requests = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(requests.count == schema.removableLiterals.count && requests[0].contains("\"rate\":0.5"))
        for script in ["exit 3", "echo nonsense", "true"] {
            let failing = try CommandCompressor(command: ["sh", "-c", script], cache: cache)
            #expect(throws: InternalizationError.self) {
                try failing.compress(schema, rate: 0.5, countTokens: task.encoder.count)
            }
        }
    }
}
