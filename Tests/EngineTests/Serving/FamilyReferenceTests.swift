import Engine
import TestSupport
import Testing

@Suite("Every family against transformers and peft")
struct FamilyReferenceTests {
    private func model(_ name: String, adapted: Bool) throws -> (DecoderModel, FamilyFixture.Inference) {
        let expected = try FamilyFixture.load(name)
        let weights = try ModelWeights.load(folder: FamilyFixture.folder(name))
        guard adapted else { return (try DecoderModel(weights: weights), expected.base) }
        let adapter = try LoRAAdapter.load(folder: FamilyFixture.folder(name) + "/adapter", model: weights.config)
        return (try DecoderModel(weights: weights, adapter: adapter), expected.adapter)
    }

    @Test(
        "logits, likelihoods and 24 greedy tokens agree, with and without an adapter", arguments: FamilyFixture.names,
        [false, true])
    func inference(name: String, adapted: Bool) throws {
        let (model, expected) = try model(name, adapted: adapted)
        var cache = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        try model.forward(expected.prompt, cache: &cache, scratch: &scratch)
        #expect(largestDifference(scratch.logits, expected.logits) < 1e-4)
        #expect(largestDifference(try model.score(expected.long), expected.nll) < 1e-4)
        let answer = try model.generate(
            after: expected.prompt, options: GenerationOptions(maximumNewTokens: 24, endTokens: []))
        #expect(answer.tokens == expected.greedy)
    }

    @Test("a checkpoint that is written and read again computes the same", arguments: FamilyFixture.names)
    func written(name: String) throws {
        let folder = try TinyModelFolder()
        let weights = try ModelWeights.load(folder: FamilyFixture.folder(name))
        try weights.save(folder: folder.path, precision: .float32)
        let copy = try ModelWeights.load(folder: folder.path)
        #expect(copy.config == weights.config)
        #expect(largestDifference(copy.values, weights.values) < 1e-6)
    }
}
