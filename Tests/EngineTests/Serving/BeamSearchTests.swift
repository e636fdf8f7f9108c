import Engine
import Foundation
import TestSupport
import Testing

@Suite("Beam search")
struct BeamSearchTests {
    /// A search by transformers, as `Fixtures/beams.py` writes it.
    struct Case: Decodable, Sendable {
        let model: String
        let prompt: [Int32]
        let width: Int
        let ends: [Int32]
        let limit: Int
        let tokens: [Int32]
        /// ln p of the answer, its end included.
        let score: Float

        var options: GenerationOptions {
            var options = GenerationOptions(maximumNewTokens: limit, endTokens: ends)
            options.beams = width
            options.topLogprobs = 0
            return options
        }

        var reason: FinishReason { ends.isEmpty ? .length : .stop }
    }

    private let cases: [Case]
    private let service: EngineService

    init() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: TinyModelFixture.path("beams.json")))
        cases = try JSONDecoder().decode([Case].self, from: data)
        let weights = try Fixture.adapter.weights()
        service = try EngineService(
            base: weights, adapters: ["adapter": try #require(try Fixture.adapter.adapter(for: weights))], threads: 2)
    }

    @Test("the answers are those of transformers, with ends and without, merged adapters included")
    func reference() throws {
        #expect(cases.count == 36)
        for fixture in Fixture.allCases {
            let model = try fixture.model()
            for (number, one) in cases.enumerated() where one.model == fixture.rawValue {
                let answer = try model.generate(after: one.prompt, options: one.options)
                #expect(answer.tokens == one.tokens, "case \(number)")
                #expect(answer.reason == one.reason, "case \(number)")
            }
        }
    }

    @Test("beside each other and beside answers without beams, in one batch, nothing changes")
    func batch() async throws {
        let greedy = try Expectations.load().tied
        try await withThrowingTaskGroup(of: Void.self) { group in
            for one in cases where one.model != "untied" {
                group.addTask {
                    let adapter = one.model == "tied" ? nil : one.model
                    let stream = try service.generate(prompt: one.prompt, adapter: adapter, options: one.options)
                    var tokens: [GeneratedToken] = []
                    for try await event in stream {
                        switch event {
                        case .prompt, .begun: break
                        case .token(let token): tokens.append(token)
                        case .finished(let reason, let statistics):
                            #expect(reason == one.reason)
                            #expect(statistics.generatedTokens == tokens.count)
                        }
                    }
                    #expect(tokens.map(\.id) == one.tokens)
                    let score = tokens.reduce(0) { $0 + ($1.logprob ?? .nan) }
                    #expect(one.reason == .length ? abs(score - one.score) < 1e-3 : score > one.score)
                }
                group.addTask {
                    let options = GenerationOptions(maximumNewTokens: 24, endTokens: [])
                    let stream = try service.generate(prompt: greedy.prompt, options: options)
                    let answer = try await CollectedAnswer(stream)
                    #expect(answer.tokens == greedy.greedy)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("too many beams, none, and beams of a drawn answer are refused by name")
    func refusals() throws {
        func refusal(_ change: (inout GenerationOptions) -> Void) -> String {
            var options = GenerationOptions(maximumNewTokens: 4)
            change(&options)
            do {
                _ = try service.generate(prompt: [3], options: options)
                return ""
            } catch {
                return error.description
            }
        }
        #expect(refusal { $0.beams = 17 }.contains("17 beams"))
        #expect(refusal { $0.beams = 0 }.contains("0 beams"))
        #expect(
            refusal {
                $0.beams = 2
                $0.temperature = 0.5
            }.contains("temperature"))
    }

    @Test("a search that nobody waits for any more ends within a step")
    func cancellation() async throws {
        var options = GenerationOptions(maximumNewTokens: 300, endTokens: [])
        options.beams = 16
        var stream: GenerationStream? = try service.generate(prompt: [3], options: options)
        #expect(stream != nil)
        stream = nil
        #expect(await eventually { service.load == (0, 0) })
    }
}
