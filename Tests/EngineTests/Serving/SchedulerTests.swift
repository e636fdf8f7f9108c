@testable import Engine
import TestSupport
import Testing

/// What one generation told.
struct CollectedAnswer: Sendable, Equatable {
    var tokens: [Int32] = []
    var reason: FinishReason?
    var statistics = GenerationStatistics()

    init(_ stream: GenerationStream) async throws {
        for try await event in stream {
            switch event {
            case .prompt, .begun: break
            case .token(let token): tokens.append(token.id)
            case .finished(let why, let statistics): (reason, self.statistics) = (why, statistics)
            }
        }
    }
}

@Suite("The scheduler")
struct SchedulerTests {
    private let weights: ModelWeights
    private let adapter: LoRAAdapter
    /// Another adapter of the same shape.
    private let other: LoRAAdapter

    init() throws {
        weights = try Fixture.adapter.weights()
        adapter = try #require(try Fixture.adapter.adapter(for: weights))
        var other = LoRAAdapter(
            config: .init(rank: 3, alpha: 6, targets: [.query, .value, .down]), model: weights.config)
        var random = SeededRandom(seed: 11)
        for index in other.values.indices { other.values[index] = Float.random(in: -0.3...0.3, using: &random) }
        self.other = other
    }

    private func service(
        _ adapters: [String: LoRAAdapter], _ change: (inout EngineOptions) -> Void = { _ in }
    ) throws -> EngineService {
        var options = EngineOptions()
        options.chunk = 24
        change(&options)
        return try EngineService(base: weights, adapters: adapters, options: options)
    }

    private func alone(_ prompt: [Int32], _ adapter: LoRAAdapter?, _ options: GenerationOptions) throws -> [Int32] {
        let model =
            try adapter.map { try DecoderModel(weights: weights, adapter: $0) } ?? DecoderModel(weights: weights)
        return try model.generate(after: prompt, options: options).tokens
    }

    /// Whether an answer is what the model alone says, but for choices that hang on the last digits of its logits: an
    /// adapter is computed beside the weights here, and merged into them there.
    private func isOwn(
        _ answer: [Int32], after prompt: [Int32], _ adapter: LoRAAdapter?, _ options: GenerationOptions
    ) throws -> Bool {
        let model =
            try adapter.map { try DecoderModel(weights: weights, adapter: $0) } ?? DecoderModel(weights: weights)
        var cache = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        var sampler = Sampler(options)
        var random = SeededRandom(seed: 1)
        try model.forward(prompt, cache: &cache, scratch: &scratch)
        for token in answer {
            let logits = scratch.logits
            var next = sampler
            var choice = try next.next(logits[...])
            for _ in 0..<300 where choice != .token(GeneratedToken(token)) {
                next = sampler
                choice = try next.next(logits.map { $0 + Float.random(in: -2e-5...2e-5, using: &random) }[...])
            }
            guard choice == .token(GeneratedToken(token)) else { return false }
            sampler = next
            try model.forward([token], cache: &cache, scratch: &scratch)
        }
        return answer.count == options.maximumNewTokens
    }

    private func randomPrompt(_ random: inout SeededRandom, _ lengths: ClosedRange<Int>) -> [Int32] {
        (0..<Int.random(in: lengths, using: &random)).map { _ in Int32.random(in: 3..<96, using: &random) }
    }

    @Test(
        "answers of any mixture of prompts, adapters and arrivals are those of each alone",
        arguments: [0, 4], [false, true])
    func mixtures(guesses: Int, samples: Bool) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let adapters: [String: LoRAAdapter] = ["house": adapter, "other": other]
        let service = try service(adapters) { options in
            options.guesses = guesses
            options.sequences = 5
            options.queueLimit = 100
        }
        let common = randomPrompt(&random, 100...100)
        var work:
            [(stream: Task<CollectedAnswer, any Error>, prompt: [Int32], adapter: LoRAAdapter?, GenerationOptions)] = []
        for number in 0..<24 {
            var options = GenerationOptions(maximumNewTokens: Int.random(in: 1...30, using: &random), endTokens: [])
            if samples {
                options.temperature = 0.8
                options.topP = 0.95
                options.seed = UInt64(number)
            }
            let isLike = Bool.random(using: &random)
            let prompt = (isLike ? common : []) + randomPrompt(&random, 1...150)
            let name = ["house", "other", nil].randomElement(using: &random)!
            let stream = try service.generate(prompt: prompt, adapter: name, options: options)
            if Int.random(in: 0..<5, using: &random) == 0 {
                let pause = Int.random(in: 0...3, using: &random)
                Task {
                    try? await Task.sleep(for: .milliseconds(pause))
                    stream.cancel()
                }
                continue
            }
            work.append((Task { try await CollectedAnswer(stream) }, prompt, name.flatMap { adapters[$0] }, options))
        }
        for (stream, prompt, adapter, options) in work {
            let tokens = try await stream.value.tokens
            #expect(
                try tokens == alone(prompt, adapter, options) || isOwn(tokens, after: prompt, adapter, options),
                "seed \(seed)")
        }
    }

    @Test("log probabilities in a mixed batch are those of the sequence alone, within rounding")
    func rounding() async throws {
        let service = try self.service(["house": adapter, "other": other])
        var options = GenerationOptions(maximumNewTokens: 12, endTokens: [])
        options.topLogprobs = 1
        var streams: [(GenerationStream, [Int32], LoRAAdapter?)] = []
        var random = SeededRandom(seed: 3)
        for number in 0..<6 {
            let prompt = randomPrompt(&random, 5...120)
            let name = [nil, "house", "other"][number % 3]
            streams.append(
                (
                    try service.generate(prompt: prompt, adapter: name, options: options), prompt,
                    [nil, adapter, other][number % 3]
                ))
        }
        for (stream, prompt, adapter) in streams {
            var answer = prompt
            var told: [Float] = []
            for try await case .token(let token) in stream {
                answer.append(token.id)
                told.append(try #require(token.logprob))
            }
            let model =
                try adapter.map { try DecoderModel(weights: weights, adapter: $0) } ?? DecoderModel(weights: weights)
            let nll = try model.score(answer).suffix(told.count)
            for (one, two) in zip(told, nll) { #expect(abs(one + two) < 2e-4) }
        }
    }

    @Test("a prompt that begins as an earlier one takes that part from the cache, and says the same")
    func prefixes() async throws {
        var random = SeededRandom(seed: 5)
        let start = randomPrompt(&random, 130...130)
        let service = try self.service([:])
        let off = try self.service([:]) { $0.keepsPrefixes = false }
        let options = GenerationOptions(maximumNewTokens: 10, endTokens: [])
        _ = try await CollectedAnswer(service.generate(prompt: start, options: options))
        for _ in 0..<4 {
            let prompt = start + randomPrompt(&random, 1...20)
            let cached = try await CollectedAnswer(service.generate(prompt: prompt, options: options))
            let plain = try await CollectedAnswer(off.generate(prompt: prompt, options: options))
            #expect(cached.tokens == plain.tokens)
            #expect(cached.statistics.cachedTokens == 128 && plain.statistics.cachedTokens == 0)
        }
        // A whole prompt that is known still computes its last tokens, which the first new one follows from.
        let again = try await CollectedAnswer(service.generate(prompt: Array(start[..<128]), options: options))
        #expect(again.statistics.cachedTokens == 96)
        var without = options
        without.keepsPrefix = false
        let fresh = try await CollectedAnswer(service.generate(prompt: start, options: without))
        #expect(fresh.statistics.cachedTokens == 0)
    }

    @Test("nobody finds what another tenant's prompt left, except the operator's own text")
    func tenants() async throws {
        var random = SeededRandom(seed: 6)
        let service = try self.service(["house": adapter, "other": other])
        let prompt = randomPrompt(&random, 150...150)
        func cached(_ tenant: String?, _ adapter: String? = nil, shared: Int = 0) async throws -> Int {
            var options = GenerationOptions(maximumNewTokens: 2, endTokens: [])
            options.tenant = tenant
            options.sharedPrefix = shared
            return try await CollectedAnswer(
                service.generate(prompt: prompt, adapter: adapter, options: options)
            ).statistics.cachedTokens
        }
        #expect(try await cached("a") == 0)
        #expect(try await cached("a") == 128)
        #expect(try await cached("b") == 0)
        #expect(try await cached(nil) == 0)
        #expect(try await cached("a", "house") == 0)
        #expect(try await cached("a", "other") == 0)
        #expect(try await cached("a", "house") == 128)
        #expect(try await cached("c", shared: 70) == 0)
        #expect(try await cached("d", shared: 70) == 64)
        #expect(try await cached("d", shared: 70) == 128)
    }

    @Test("the cache stays within its budget, and what was used last stays longest")
    func eviction() async throws {
        var random = SeededRandom(seed: 7)
        let options = GenerationOptions(maximumNewTokens: 2, endTokens: [])
        let prompts = (0..<4).map { _ in randomPrompt(&random, 97...97) }
        let block = try self.service([:]).cacheBlockBytes
        // A prompt keeps three blocks and may need four while it runs: there is room for two beside it.
        let service = try self.service([:]) { $0.cacheBytes = block * 11 }
        func cached(_ number: Int) async throws -> Int {
            try await CollectedAnswer(
                service.generate(prompt: prompts[number], options: options)
            ).statistics.cachedTokens
        }
        for number in 0..<3 { #expect(try await cached(number) == 0) }
        #expect(try await cached(0) == 96)
        #expect(try await cached(3) == 0)
        #expect(try await cached(0) == 96)
        #expect(try await cached(1) < 96)
        let tiny = try self.service([:]) { $0.cacheBytes = 1 }
        let answer = try await CollectedAnswer(tiny.generate(prompt: prompts[0], options: options))
        #expect(answer.tokens == (try alone(prompts[0], nil, options)))
    }

    @Test("an adapter that is replaced, added or taken away while it answers gives every answer from one version")
    func swaps() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        var service = try self.service(["a": adapter])
        let options = GenerationOptions(maximumNewTokens: 40, endTokens: [])
        let prompt = randomPrompt(&random, 60...60)
        let possible = [try alone(prompt, adapter, options), try alone(prompt, other, options)]
        #expect(possible[0] != possible[1])
        var answers: [(answer: Task<CollectedAnswer, any Error>, expected: Int)] = []
        var expected = 0
        for number in 0..<30 {
            let stream = try service.generate(prompt: prompt, adapter: "a", options: options)
            answers.append((Task { try await CollectedAnswer(stream) }, expected))
            switch number % 5 {
            case 1:
                service = try service.successor(adding: ["a": other])
                expected = 1
            case 2: service = try service.successor(keeping: ["a"], adding: ["b": adapter])
            case 3: service = try service.successor(keeping: ["a"])
            case 4:
                service = try service.successor(keeping: ["a"], adding: ["a": adapter])
                expected = 0
            default: try await Task.sleep(for: .milliseconds(Int.random(in: 0...4, using: &random)))
            }
        }
        for (answer, expected) in answers {
            let tokens = try await answer.value.tokens
            #expect(
                try tokens == possible[expected] || isOwn(tokens, after: prompt, [adapter, other][expected], options),
                "seed \(seed)")
        }
        let before = service
        service = try service.successor()
        #expect(throws: EngineError.self) { try service.generate(prompt: prompt, adapter: "a", options: options) }
        let last = try await CollectedAnswer(before.generate(prompt: prompt, adapter: "a", options: options))
        #expect(last.tokens == possible[0])
    }

    @Test("what an adapter left in the cache goes with the last service that has this version of it")
    func droppedPrefixes() async throws {
        var random = SeededRandom(seed: 9)
        let options = GenerationOptions(maximumNewTokens: 2, endTokens: [])
        let prompt = randomPrompt(&random, 100...100)
        func cached(_ service: EngineService) async throws -> Int {
            try await CollectedAnswer(
                service.generate(prompt: prompt, adapter: "a", options: options)
            ).statistics.cachedTokens
        }
        let first = try self.service(["a": adapter])
        #expect(try await cached(first) == 0)
        let same = try first.successor(keeping: ["a"])
        #expect(try await cached(same) == 96)
        let new = try first.successor(adding: ["a": other])
        #expect(try await cached(new) == 0)
        #expect(try await cached(first) == 96)
        #expect(try await cached(new) == 96)
    }

    @Test("an engine on an open checkpoint answers as one on weights in memory, with and without adapters")
    func checkpoint() async throws {
        var random = SeededRandom(seed: 10)
        let options = GenerationOptions(maximumNewTokens: 20, endTokens: [])
        let prompt = randomPrompt(&random, 50...50)
        let model = try DecoderModel(checkpoint: Checkpoint(folder: TinyModelFixture.path("tied")))
        let service = try EngineService(model: model, options: EngineOptions())
        let one = try service.successor(adding: ["a": adapter])
        let two = try one.successor(keeping: ["a"], adding: ["b": other])
        for (service, name, expected) in [
            (service, nil, nil), (one, "a", adapter), (two, "a", adapter), (two, "b", other),
        ] as [(EngineService, String?, LoRAAdapter?)] {
            let answer = try await CollectedAnswer(service.generate(prompt: prompt, adapter: name, options: options))
            #expect(answer.tokens == (try alone(prompt, expected, options)))
        }
    }

    @Test("an answer goes on token by token while a long prompt is read")
    func fairness() async throws {
        let service = try self.service([:]) { $0.chunk = 16 }
        let running = try service.generate(prompt: [5, 6], options: GenerationOptions(endTokens: []))
        var events = running.makeAsyncIterator()
        _ = try await events.next()
        let long = [Int32](repeating: 9, count: 300)
        let reader = Task {
            try await CollectedAnswer(
                service.generate(prompt: long, options: GenerationOptions(maximumNewTokens: 1, endTokens: [])))
        }
        let before = try await reader.value
        #expect(before.tokens.count == 1)
        running.cancel()
        var told = 0
        while let event = try await events.next() {
            if case .finished(_, let statistics) = event { told = statistics.generatedTokens }
        }
        // 300 tokens in pieces of at most 16 are 19 steps, each with a token of the running answer.
        #expect(told >= 19)
    }

    @Test("an embedding beside running answers is that of the model alone")
    func embedding() async throws {
        let service = try self.service(["house": adapter])
        var random = SeededRandom(seed: 8)
        let running = try service.generate(prompt: [4], options: GenerationOptions(endTokens: []))
        for name in [nil, "house"] {
            let tokens = randomPrompt(&random, 200...200)
            let model =
                try name == nil ? DecoderModel(weights: weights) : DecoderModel(weights: weights, adapter: adapter)
            let expected = try model.embedding(tokens)
            let found = try await service.embed(tokens, adapter: name)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 } && found.count == expected.count)
        }
        running.cancel()
        await #expect(throws: EngineError.self) { _ = try await service.embed([]) }
    }
}
