import Engine
import TestSupport
import Testing

@Suite("Against transformers and peft")
struct ReferenceTests {
    @Test("logits agree within 1e-4", arguments: Fixture.allCases)
    func logits(_ fixture: Fixture) throws {
        let model = try fixture.model()
        let expected = try fixture.expectations()
        var cache = KeyValueCache(model.config)
        let logits = try model.logits(expected.prompt, cache: &cache)
        let classes = model.config.vocabularySize
        for (position, row) in expected.logits {
            let start = try #require(Int(position)) * classes
            #expect(largestDifference(logits[start..<start + classes], row) < 1e-4)
        }
        cache = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        try model.forward(expected.prompt, cache: &cache, scratch: &scratch)
        let last = try #require(expected.logits["\(expected.prompt.count - 1)"])
        #expect(largestDifference(scratch.logits, last) < 1e-4)
        #expect(cache.count == expected.prompt.count)
    }

    @Test("greedy generation gives the same 24 tokens", arguments: Fixture.allCases)
    func greedy(_ fixture: Fixture) throws {
        let expected = try fixture.expectations()
        let answer = try fixture.model().generate(
            after: expected.prompt, options: GenerationOptions(maximumNewTokens: 24, endTokens: []))
        #expect(answer.tokens == expected.greedy)
        #expect(answer.reason == .length)
    }

    @Test("the negative log-likelihood of 300 tokens agrees within 1e-4", arguments: Fixture.allCases)
    func likelihood(_ fixture: Fixture) throws {
        let expected = try fixture.expectations()
        let losses = try fixture.model().score(expected.long)
        #expect(largestDifference(losses, expected.nll) < 1e-4)
    }

    @Test("an adapter merged into the weights equals the adapter applied beside them")
    func unmerged() throws {
        let expected = try Fixture.adapter.expectations()
        let weights = try Fixture.adapter.weights()
        let adapter = try #require(try Fixture.adapter.adapter(for: weights))
        let unmerged = PlainDecoder(weights: weights, adapter: adapter).logits(expected.prompt)
        let model = try DecoderModel(weights: weights, adapter: adapter)
        var cache = KeyValueCache(model.config)
        let merged = try model.logits(expected.prompt, cache: &cache)
        let scale = unmerged.reduce(0) { max($0, abs($1)) }
        #expect(largestDifference(merged, unmerged) <= 1e-4 * scale)
    }

    @Test("the engine agrees with loops written out plainly, on every instruction set", arguments: Fixture.allCases)
    func plain(_ fixture: Fixture) throws {
        let expected = try fixture.expectations()
        let weights = try fixture.weights()
        let adapter = try fixture.adapter(for: weights)
        let plain = PlainDecoder(weights: weights, adapter: adapter).logits(expected.prompt)
        for name in ["scalar", "avx2", "avx512"] {
            guard let kernels = KernelTable.named(name) else { continue }
            let base = try DecoderModel(weights: weights, options: .init(kernels: kernels))
            let model = try adapter.map { try base.merging($0) } ?? base
            var cache = KeyValueCache(model.config)
            #expect(largestDifference(try model.logits(expected.prompt, cache: &cache), plain) < 1e-4)
        }
    }
}
