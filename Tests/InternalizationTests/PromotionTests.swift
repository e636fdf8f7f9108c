import Engine
import Foundation
import PromptSchema
import TestSupport
import Testing
import Tuning

@testable import Internalization

@Suite("Promotion")
struct PromotionTests {
    private func result(_ arm: String, _ right: Int, of n: Int = 100) -> ArmResult {
        let items = EvaluationItem.items(
            (0..<n).map { TaskRow(query: "q\($0)", answer: "yes") }, unit: .row)
        return ArmResult(
            arm: arm, meaning: "",
            answers: items.enumerated().map { index, item in
                GradedAnswer(text: index < right ? "yes" : "no", references: item.references)
            }, items: items, metrics: [ExactMatch()], promptTokens: [1], answerTokens: [1])
    }

    private func folder(_ task: SmallTask) throws -> TinyModelFolder {
        let folder = try TinyModelFolder()
        let base = folder.path + "/base"
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
        for name in ["tokenizer.json", "model.safetensors"] {
            try Data(name.utf8).write(to: URL(fileURLWithPath: base + "/" + name))
        }
        return folder
    }

    private func promotion(
        _ folder: TinyModelFolder, _ task: SmallTask, minimumRows: Int = 100, override: String? = nil
    ) -> Promotion {
        var thresholds = Promotion.Thresholds()
        thresholds.minimumRows = minimumRows
        thresholds.controlOverride = override
        return Promotion(taskFolder: folder.path, schema: task.encoder.schema, thresholds: thresholds)
    }

    private func adapter(_ task: SmallTask, seed: UInt64) -> LoRAAdapter {
        LoRAAdapter.initial(config: .init(rank: 2, alpha: 4), model: task.base.config, seed: seed)
            .rounded(to: Promotion.precision)
    }

    private func manifest(_ folder: TinyModelFolder) throws -> PromotedManifest {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/manifest.json"))
        return try JSONDecoder().decode(PromotedManifest.self, from: data)
    }

    private func weights(_ folder: TinyModelFolder) throws -> String {
        try FileDigest.sha256(path: folder.path + "/adapter/adapter_model.safetensors")
    }

    @Test(
        "too few rows, a figure below the full prompt's, and one no better than the control's are refused, all at once")
    func thresholds() throws {
        let task = try SmallTask()
        let folder = try folder(task)
        let strict = promotion(folder, task, minimumRows: 200)
        do {
            try strict.promote(
                adapter: adapter(task, seed: 1), tuned: result("C", 80), bar: result("B1", 90),
                control: result("B3", 80))
            Issue.record("it was promoted")
        } catch {
            let text = "\(error)"
            #expect(text.contains("200") && text.contains("full prompt") && text.contains("control"), "\(text)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/manifest.json"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/adapter"))
    }

    @Test("an arm that got nothing right is refused beside arms that got nothing right either, override or not")
    func nothingRight() throws {
        let task = try SmallTask()
        let folder = try folder(task)
        do {
            try promotion(folder, task, override: "plenty of labels").promote(
                adapter: adapter(task, seed: 1), tuned: result("C", 0), bar: result("B1", 0), control: result("B3", 0))
            Issue.record("it was promoted")
        } catch {
            #expect("\(error)".contains("got none of 100 held-out rows right"), "\(error)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/manifest.json"))
    }

    @Test("the values that were evaluated are the values in the file, and an adapter with more digits is refused")
    func shipped() throws {
        let task = try SmallTask()
        let folder = try folder(task)
        let promotion = promotion(folder, task)
        func promote(_ adapter: LoRAAdapter) throws {
            try promotion.promote(
                adapter: adapter, tuned: result("C", 95), bar: result("B1", 95), control: result("B3", 90))
        }
        let trained = LoRAAdapter.initial(config: .init(rank: 2, alpha: 4), model: task.base.config, seed: 1)
        #expect(throws: InternalizationError.self) { try promote(trained) }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/manifest.json"))
        let evaluated = trained.rounded(to: Promotion.precision)
        #expect(evaluated.values != trained.values)
        try promote(evaluated)
        #expect(
            try LoRAAdapter.load(folder: folder.path + "/adapter", model: task.base.config).values == evaluated.values)
    }

    @Test("a rollback puts manifest and adapter of the promotion before back, once for each promotion")
    func rollback() throws {
        let task = try SmallTask()
        let folder = try folder(task)
        let promotion = promotion(folder, task, override: "plenty of labels")
        var digests: [String] = []
        for (seed, right) in [(1, 90), (2, 91), (3, 95)] {
            try promotion.promote(
                adapter: adapter(task, seed: UInt64(seed)), tuned: result("C", right), bar: result("B1", 90),
                control: result("B3", 93))
            digests.append(try weights(folder))
            #expect(try manifest(folder).adapter.sha256 == digests.last)
            #expect(try manifest(folder).figures.controlOverride == (right > 93 ? nil : "plenty of labels"))
        }
        #expect(Set(digests).count == 3)
        for expected in [digests[1], digests[0]] {
            _ = try Promotion.rollback(taskFolder: folder.path)
            #expect(try manifest(folder).adapter.sha256 == expected)
            #expect(try weights(folder) == expected)
        }
        #expect(throws: InternalizationError.self) { try Promotion.rollback(taskFolder: folder.path) }
    }

    @Test("an earlier stage is promoted with the cuts of its template, and a provider's manifest before it comes back")
    func stages() throws {
        let task = try SmallTask()
        let folder = try folder(task)
        let schema = task.encoder.schema
        let provider = Data(#"{"format_version":2,"provider_model":{},"created":"2026-01-01T00:00:00Z"}"#.utf8)
        try Promotion.install(manifest: provider, taskFolder: folder.path)
        var thresholds = Promotion.Thresholds()
        thresholds.minimumRows = 100
        let stage = Stage(templateRate: 0.5, exampleCount: 2)
        let template = RuleCompressor().compress(schema, rate: 0.5, countTokens: task.encoder.count)
        try Promotion(taskFolder: folder.path, schema: schema, thresholds: thresholds).promote(
            adapter: adapter(task, seed: 1), tuned: result("C", 95), bar: result("B1", 95), control: result("B3", 90),
            stage: .init(stage, template: template))
        let promoted = try manifest(folder)
        #expect(promoted.formatVersion == 3 && promoted.stage.k == 2 && promoted.stage.tau == template.actualRate)
        for literal in schema.literals {
            let cuts = promoted.stage.template?[literal.number] ?? []
            #expect(cuts.flatMap { literal.text[$0] } == template.literals[literal.number])
        }
        #expect(promoted.figures.stageExact == 95 && promoted.figures.queryOnlyExact == nil)
        #expect(try Promotion.rollback(taskFolder: folder.path) == "2026-01-01T00:00:00Z")
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/manifest.json")) == provider)
    }

    @Test("a template that was written anew cannot be promoted before the last stage")
    func rewritten() throws {
        let written = CompressedTemplate(literals: [0: Array("other".utf8)], tokensBefore: 9, tokensAfter: 1)
        #expect(throws: InternalizationError.self) {
            try PromotedManifest.PromotedStage(Stage(templateRate: 0.5, exampleCount: 1), template: written)
        }
        #expect(
            try PromotedManifest.PromotedStage(Stage(templateRate: 0, exampleCount: 0), template: written)
                == .queryOnly)
    }
}
