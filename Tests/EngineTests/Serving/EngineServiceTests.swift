import Engine
import TestSupport
import Testing

@Suite("The engine service")
struct EngineServiceTests {
    private func service(threads: Int = 2, queueLimit: Int = 64) throws -> EngineService {
        let weights = try Fixture.adapter.weights()
        let adapter = try #require(try Fixture.adapter.adapter(for: weights))
        return try EngineService(
            base: weights, adapters: ["house": adapter], threads: threads, queueLimit: queueLimit)
    }

    private func collect(_ stream: GenerationStream) async throws -> (tokens: [Int32], reason: FinishReason?) {
        var tokens: [Int32] = []
        var reason: FinishReason?
        for try await event in stream {
            switch event {
            case .prompt, .begun: break
            case .token(let token): tokens.append(token.id)
            case .finished(let why, let statistics):
                reason = why
                #expect(statistics.generatedTokens == tokens.count)
            }
        }
        return (tokens, reason)
    }

    private func waitUntilIdle(_ service: EngineService) async throws {
        #expect(await eventually { service.load == (0, 0) })
    }

    private let endless = GenerationOptions(endTokens: [])

    @Test("base and adapter answer side by side, each as the reference does")
    func adapters() async throws {
        let service = try service()
        let all = try Expectations.load()
        #expect(service.adapterNames == ["house"])
        let options = GenerationOptions(maximumNewTokens: 24, endTokens: [])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    let expected = number % 2 == 0 ? all.tied : all.adapter
                    let stream = try service.generate(
                        prompt: expected.prompt, adapter: number % 2 == 0 ? nil : "house", options: options)
                    let answer = try await collect(stream)
                    #expect(answer.tokens == expected.greedy)
                    #expect(answer.reason == .length)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("an unknown adapter, a bad token and an answer that cannot fit are refused before any token")
    func refusals() throws {
        let service = try service()
        func isRefused(_ prompt: [Int32], adapter: String? = nil, _ options: GenerationOptions = .init()) -> String? {
            do {
                _ = try service.generate(prompt: prompt, adapter: adapter, options: options)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(isRefused([3], adapter: "nobody")?.contains("nobody") == true)
        #expect(isRefused([]) != nil)
        #expect(isRefused([500])?.contains("500") == true)
        #expect(isRefused([Int32](repeating: 3, count: 320))?.contains("320") == true)
        #expect(isRefused([3], GenerationOptions(maximumNewTokens: 320))?.contains("320") == true)
        #expect(isRefused([3], GenerationOptions(maximumNewTokens: -1)) != nil)
        let without = try service.successor()
        #expect(without.adapterNames == [] && without.sharesBase(with: service))
        #expect(throws: EngineError.self) { try without.generate(prompt: [3], adapter: "house") }
        #expect(isRefused([3], adapter: "house") == nil)
    }

    /// A service of one thread whose whole answer would take seconds: zero weights cost as much as any.
    private func slowService() throws -> EngineService {
        let config = ModelConfig(
            vocabularySize: 2_048, hiddenSize: 256, intermediateSize: 768, layerCount: 6, headCount: 8,
            keyValueHeadCount: 4, headSize: 32, maximumPositions: 4_096)
        return try EngineService(base: ModelWeights(config: config), threads: 1)
    }

    @Test("cancel ends a generation early and frees the worker")
    func cancel() async throws {
        let service = try slowService()
        let stream = try service.generate(prompt: [3, 4, 5], options: endless)
        var reason: FinishReason?
        var generated = 0
        for try await event in stream {
            switch event {
            case .prompt, .begun: break
            case .token: stream.cancel()
            case .finished(let why, let statistics): (reason, generated) = (why, statistics.generatedTokens)
            }
        }
        #expect(reason == .cancelled)
        #expect(generated < 2_000)
        try await waitUntilIdle(service)
        let short = GenerationOptions(maximumNewTokens: 3, endTokens: [])
        #expect(try await collect(service.generate(prompt: [3, 4, 5], options: short)).tokens == [0, 0, 0])
    }

    @Test("a reader that leaves, or whose task is cancelled, frees worker and queue")
    func abandoned() async throws {
        let service = try slowService()
        for _ in 0..<20 {
            _ = try service.generate(prompt: [7, 8], options: endless)
        }
        try await waitUntilIdle(service)
        for _ in 0..<3 {
            var iterator = try service.generate(prompt: [7, 8], options: endless).makeAsyncIterator()
            #expect(try await iterator.next() == .token(GeneratedToken(0)))
        }
        try await waitUntilIdle(service)
        let task = Task {
            for try await _ in try service.generate(prompt: [7, 8], options: endless) {}
        }
        try await Task.sleep(for: .milliseconds(5))
        task.cancel()
        _ = await task.result
        try await waitUntilIdle(service)
    }

    @Test("a full queue refuses, and takes requests again when it has room")
    func fullQueue() async throws {
        let service = try service(threads: 1, queueLimit: 2)
        var streams: [GenerationStream] = []
        var refused = 0
        for _ in 0..<50 {
            do {
                streams.append(try service.generate(prompt: [9], options: endless))
            } catch .busy {
                refused += 1
            }
        }
        #expect(refused > 0)
        for stream in streams { #expect(try await collect(stream).reason == .length) }
        #expect(try await collect(service.generate(prompt: [9], options: endless)).tokens.count == 319)
    }

    @Test("a closed service cancels what runs, fails what waits and refuses what comes")
    func close() async throws {
        let service = try service(threads: 1)
        let streams = try (0..<5).map { _ in try service.generate(prompt: [3, 9], options: endless) }
        service.close()
        for stream in streams {
            do {
                _ = try await collect(stream)
            } catch let error as EngineError {
                guard case .busy = error else { throw error }
            }
        }
        #expect(throws: EngineError.self) { try service.generate(prompt: [3]) }
    }

    @Test("a seed gives the same tokens however many requests run beside it")
    func seeded() async throws {
        let service = try service()
        let options = GenerationOptions(maximumNewTokens: 40, temperature: 0.9, topP: 0.9, seed: 42, endTokens: [])
        let alone = try await collect(service.generate(prompt: [11, 12, 13], options: options)).tokens
        let beside = try (0..<4).map { _ in try service.generate(prompt: [11, 12, 13], options: options) }
        for stream in beside { #expect(try await collect(stream).tokens == alone) }
    }
}
