import Engine
import Foundation
import TestSupport
import Testing

/// One row of `Fixtures/sampling.json`, which `sampling.py` made with transformers.
struct SamplingCase: Decodable, Sendable {
    let logits: [Float]
    let prompt: [Int32]
    let temperature: Float
    let topK: Int
    let topP: Float
    let minP: Float
    let repetitionPenalty: Float
    let probabilities: [Float]
    let logprobs: [Float]

    static func load() throws -> [SamplingCase] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = try Data(contentsOf: URL(fileURLWithPath: TinyModelFixture.path("sampling.json")))
        return try decoder.decode([SamplingCase].self, from: data)
    }

    var options: GenerationOptions {
        var options = GenerationOptions(temperature: temperature, topP: topP, seed: 1)
        options.topK = topK
        options.minP = minP
        options.repetitionPenalty = repetitionPenalty
        return options
    }
}

@Suite("The sampler beside transformers")
struct SamplingReferenceTests {
    @Test("temperature, top-k, top-p, min-p and the repetition penalty leave the probabilities of transformers")
    func probabilities() throws {
        let cases = try SamplingCase.load()
        #expect(cases.count == 40)
        for (number, expected) in cases.enumerated() {
            var sampler = Sampler(expected.options, prompt: expected.prompt)
            let found = try sampler.probabilities(expected.logits[...])
            let worst = zip(found, expected.probabilities).map { abs($0 - $1) }.max() ?? 1
            #expect(found.count == expected.logits.count && worst < 2e-6, "case \(number)")
        }
    }

    @Test("log probabilities are those of the logits alone, whatever is done to them for the draw")
    func logprobs() throws {
        for (number, expected) in try SamplingCase.load().enumerated() {
            var options = expected.options
            options.topLogprobs = 3
            var sampler = Sampler(options, prompt: expected.prompt)
            guard case .token(let token) = try sampler.next(expected.logits[...]) else {
                Issue.record("case \(number) ended")
                continue
            }
            #expect(abs(try #require(token.logprob) - expected.logprobs[Int(token.id)]) < 1e-5)
            let order = expected.logits.indices.sorted {
                (expected.logits[$1], $0) < (expected.logits[$0], $1)
            }
            #expect(token.top.map(\.id) == order.prefix(3).map(Int32.init), "case \(number)")
            for candidate in token.top {
                #expect(abs(candidate.logprob - expected.logprobs[Int(candidate.id)]) < 1e-5)
            }
        }
    }

    @Test("presence and frequency penalties count the answer's tokens, not the prompt's")
    func penalties() throws {
        var options = GenerationOptions()
        options.presencePenalty = 0.5
        options.frequencyPenalty = 0.3
        let logits: [Float] = [2, 1.6, 1.3, 0]
        var sampler = Sampler(options, prompt: [0, 0, 0])
        var drawn: [Int32] = []
        for _ in 0..<6 {
            guard case .token(let token) = try sampler.next(logits[...]) else { break }
            drawn.append(token.id)
        }
        // By hand: after k draws of a token its logit is lower by 0.3 k + 0.5 (k > 0).
        #expect(drawn == [0, 1, 2, 0, 0, 1])
    }

    @Test("a bias forbids a token at -100 and forces one at 100")
    func bias() throws {
        var options = GenerationOptions(temperature: 1, seed: 5)
        options.logitBias = [2: 100]
        var forced = Sampler(options)
        options.logitBias = [0: -100, 1: -100, 99: 3]
        var forbidden = Sampler(options)
        for _ in 0..<50 {
            #expect(try forced.next([1, 2, -3, 0]) == .token(GeneratedToken(2)))
            let other = try forbidden.next([5, 6, 1, 0])
            #expect(other == .token(GeneratedToken(2)) || other == .token(GeneratedToken(3)))
        }
    }

    @Test("logits that are no numbers are an error, not a token", arguments: [Float.nan, .infinity])
    func numbers(bad: Float) {
        var sampler = Sampler(GenerationOptions())
        #expect(throws: EngineError.self) { _ = try sampler.next([bad, bad, bad]) }
    }
}
