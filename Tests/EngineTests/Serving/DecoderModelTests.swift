import Engine
import TestSupport
import Testing

@Suite("The decoder over a cache")
struct DecoderModelTests {
    let model: DecoderModel
    let tokens: [Int32]

    init() throws {
        model = try Fixture.untied.model()
        tokens = try Fixture.untied.expectations().long
    }

    private func last(_ pieces: [[Int32]]) throws -> [Float] {
        var cache = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        for piece in pieces { try model.forward(piece, cache: &cache, scratch: &scratch) }
        return scratch.logits
    }

    @Test("a prompt gives the same logits in one piece, in pieces, and token by token")
    func pieces() throws {
        let whole = try last([tokens])
        for size in [1, 7, 64, 255, 256, 257] {
            let pieces = stride(from: 0, to: tokens.count, by: size).map {
                Array(tokens[$0..<min($0 + size, tokens.count)])
            }
            #expect(largestDifference(try last(pieces), whole) < 2e-5, "pieces of \(size)")
        }
    }

    @Test("forks of a shared prefix continue as fresh sequences do, and do not touch each other")
    func forks() throws {
        var base = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        try model.forward(Array(tokens[..<100]), cache: &base, scratch: &scratch)
        for (start, length) in [(100, 1), (120, 30), (150, 150)] {
            let rest = Array(tokens[start..<start + length])
            let fresh = try last([tokens[..<100] + rest])
            for extra in [0, length, 1_000] {
                var fork = base.fork(reserving: extra)
                try model.forward(rest, cache: &fork, scratch: &scratch)
                #expect(largestDifference(scratch.logits, fresh) < 2e-5)
            }
            var copy = base
            try model.forward(rest, cache: &copy, scratch: &scratch)
            #expect(largestDifference(scratch.logits, fresh) < 2e-5)
        }
        #expect(base.count == 100)
    }

    @Test("a cache cut back continues as if the rest had never been")
    func truncated() throws {
        var cache = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        try model.forward(Array(tokens[..<90]), cache: &cache, scratch: &scratch)
        cache.truncate(to: 40)
        try model.forward(Array(tokens[200..<210]), cache: &cache, scratch: &scratch)
        #expect(largestDifference(scratch.logits, try last([Array(tokens[..<40] + tokens[200..<210])])) < 2e-5)
        #expect(cache.count == 50)
    }

    @Test("what does not fit the model is refused before anything is computed")
    func refusals() throws {
        let limit = model.config.maximumPositions
        var cache = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        #expect(throws: EngineError.self) { try model.forward([], cache: &cache, scratch: &scratch) }
        #expect(throws: EngineError.self) { try model.forward([-1], cache: &cache, scratch: &scratch) }
        #expect(throws: EngineError.self) { try model.forward([96], cache: &cache, scratch: &scratch) }
        let long = [Int32](repeating: 5, count: limit + 1)
        #expect(throws: EngineError.self) { try model.forward(long, cache: &cache, scratch: &scratch) }
        #expect(throws: EngineError.self) {
            try model.generate(after: tokens, options: GenerationOptions(maximumNewTokens: limit - tokens.count + 1))
        }
        #expect(throws: EngineError.self) {
            try model.generate(after: tokens, options: GenerationOptions(maximumNewTokens: 0))
        }
        #expect(cache.count == 0)
        let full = try model.generate(after: tokens, options: GenerationOptions(endTokens: []))
        #expect(full.tokens.count == limit - tokens.count)
        #expect(full.reason == .length)
    }

    @Test("an end token ends the answer and is not part of it")
    func endToken() throws {
        let expected = try Fixture.tied.expectations()
        let cut = try #require(expected.greedy.firstIndex(of: 2))
        let answer = try Fixture.tied.model().generate(
            after: expected.prompt, options: GenerationOptions(maximumNewTokens: 24))
        #expect(answer.tokens == Array(expected.greedy[..<cut]))
        #expect(answer.reason == .stop)
    }

    @Test("a cancelled prompt leaves only finished chunks in the cache")
    func cancelledPrompt() throws {
        var cache = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        var asked = 0
        let finished = try model.forward(tokens, cache: &cache, scratch: &scratch) {
            asked += 1
            return asked == 2
        }
        #expect(!finished)
        #expect(cache.count == DecoderModel.chunk)
    }

    static let scalings: [RotaryScaling] = [
        .none, .linear(factor: 2.5),
        .llama3(.init(factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositions: 16)),
    ]

    @Test("models of odd shapes agree with loops written out plainly, whole and in pieces", arguments: 0..<12)
    func shapes(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let layers = Int.random(in: 1...3, using: &random)
        let keyValueHeads = Int.random(in: 1...3, using: &random)
        let config = ModelConfig(
            vocabularySize: Int.random(in: 5...40, using: &random), hiddenSize: Int.random(in: 3...20, using: &random),
            intermediateSize: Int.random(in: 1...30, using: &random), layerCount: layers,
            headCount: keyValueHeads * Int.random(in: 1...8, using: &random), keyValueHeadCount: keyValueHeads,
            headSize: 2 * Int.random(in: 1...5, using: &random), maximumPositions: 40,
            ropeTheta: Float.random(in: 10...100_000, using: &random), tiesEmbeddings: seed % 2 == 0,
            family: seed % 4 == 3 ? .gemma : .llama, ropeScaling: Self.scalings[seed % 3],
            block: DecoderBlock(
                activation: seed % 4 > 1 ? .geluTanh : .silu,
                biased: Set(Projection.allCases.filter { _ in Bool.random(using: &random) }),
                normsHeads: Bool.random(using: &random),
                windows: (0..<layers).map { _ in [nil, 1, 3, 7, 19].randomElement(using: &random) ?? nil }))
        var weights = ModelWeights(config: config)
        for index in weights.values.indices { weights.values[index] = Float.random(in: -0.6...0.6, using: &random) }
        let tokens = (0..<20).map { _ in Int32.random(in: 0..<Int32(config.vocabularySize), using: &random) }
        let plain = PlainDecoder(weights: weights).logits(tokens)
        let model = try DecoderModel(weights: weights)
        var cache = KeyValueCache(config)
        #expect(largestDifference(try model.logits(tokens, cache: &cache), plain) < 1e-4, "seed \(seed)")
        for size in [1, 2, 3, 20] {
            cache.truncate(to: 0)
            var scratch = DecoderScratch(config)
            for start in stride(from: 0, to: 20, by: size) {
                try model.forward(Array(tokens[start..<min(start + size, 20)]), cache: &cache, scratch: &scratch)
            }
            let last = plain.suffix(config.vocabularySize)
            #expect(largestDifference(scratch.logits, last) < 1e-4, "seed \(seed), pieces of \(size)")
        }
    }
}
