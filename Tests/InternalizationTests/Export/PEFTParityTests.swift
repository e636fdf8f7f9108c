import Engine
import Foundation
import PromptSchema
import Testing
import Tokenization
import Tuning

@testable import Internalization

/// What `integrations/peft/make_reference.py` wrote: torch, transformers and peft on an export of the same task.
private struct PEFTReference: Decodable {
    let losses: [Double]
    let digests: [String]
    let ids: [Int32]
    let logits: [Float]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/peft").path

    static func load() throws -> PEFTReference {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/reference.json"))
        return try JSONDecoder().decode(PEFTReference.self, from: data)
    }

    /// The settings that the generator exports with.
    static var recipe: Recipe {
        var recipe = Recipe()
        (recipe.stages, recipe.examples, recipe.epochs, recipe.batch) = (3, 2, 3, 4)
        (recipe.rank, recipe.alpha, recipe.seed) = (4, 8, 11)
        return recipe
    }

    static func encoder() throws -> PromptEncoder {
        let text = try String(contentsOfFile: folder + "/template.txt", encoding: .utf8)
        let block = ExampleBlock(
            prefix: Array("Q: ".utf8), separator: Array("\nA: ".utf8), suffix: Array("\n\n".utf8), bank: [])
        let schema = try Schema(
            id: "tiny", version: "1",
            messages: [
                MessagePattern(role: .system, parts: [.template(text), .examples(block)]),
                MessagePattern(role: .user, parts: [.query()]),
            ], unknownExamples: .strip)
        let tokenizer = try Tokenizer(contentsOf: folder + "/base/tokenizer.json")
        return PromptEncoder(
            schema: schema, tokenizer: tokenizer,
            template: try ChatTemplate(modelFolder: folder + "/base", tokenizer: tokenizer))
    }
}

@Suite("The trainer in integrations/peft")
struct PEFTParityTests {
    @Test("has the embedded trainer's token ids in every stage and its loss in every step, within 1e-4")
    func losses() throws {
        try BLAS.load()
        let reference = try PEFTReference.load()
        let encoder = try PEFTReference.encoder()
        let rows = try TaskRows.load(PEFTReference.folder + "/rows.jsonl")
        let base = try ModelWeights.load(folder: PEFTReference.folder + "/base")
        var plan = try TrainingPlan(recipe: PEFTReference.recipe, rows: rows.count)
        let corpora = try plan.stages.map {
            try StageCorpus(
                stage: $0, rows: rows, encoder: encoder, compressor: RuleCompressor(),
                retriever: ExampleRetriever(bank: rows))
        }
        #expect(corpora.map(\.digest) == reference.digests)
        let trainer = Trainer(
            weights: base,
            trainable: .adapter(.initial(config: plan.recipe.adapter, model: base.config, seed: plan.recipe.seed)),
            options: AdamW.Options(), threads: 1)
        var losses: [Double] = []
        for stage in plan.stages.indices {
            for step in 0..<plan.stageSteps[stage] {
                let chosen = plan.rows(step: plan.steps(before: stage) + step).map { corpora[stage].examples[$0] }
                let rate = plan.rate(stage: stage, step: step)
                losses.append(trainer.step([PackedSequence(packing: chosen)], rate: rate).loss)
            }
        }
        try #require(losses.count == reference.losses.count && losses.count == 12)
        for (step, (ours, theirs)) in zip(losses, reference.losses).enumerated() {
            #expect(abs(ours - theirs) < 1e-4, "step \(step + 1): \(ours), there \(theirs)")
        }
        guard case .adapter(let adapter) = trainer.trainable else { return }
        let theirs = try LoRAAdapter.load(folder: PEFTReference.folder + "/adapter", model: base.config)
        #expect(try difference(base, adapter, reference) < 1e-3)
        #expect(try difference(base, theirs, reference) < 1e-4)
    }

    /// The largest difference between the logits after the reference's tokens and those that peft computed.
    private func difference(
        _ base: ModelWeights, _ adapter: LoRAAdapter, _ reference: PEFTReference
    ) throws -> Float {
        let model = try DecoderModel(weights: base, adapter: adapter)
        var cache = KeyValueCache(model.config)
        let logits = try model.logits(reference.ids, cache: &cache).suffix(reference.logits.count)
        return zip(logits, reference.logits).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
}
