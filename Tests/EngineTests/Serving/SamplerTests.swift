import Engine
import Foundation
import TestSupport
import Testing

@Suite("The sampler")
struct SamplerTests {
    private func draw(_ count: Int, _ logits: [Float], _ options: GenerationOptions) throws -> [Int32] {
        var sampler = Sampler(options)
        return try (0..<count).map { _ in
            guard case .token(let token) = try sampler.next(logits[...]) else { return -1 }
            return token.id
        }
    }

    private let logits: [Float] = [1, 3, 2, -4, 3, 0.5]

    @Test("temperature 0 takes the likeliest token, the smaller id on a tie")
    func greedy() throws {
        #expect(try draw(5, logits, GenerationOptions(temperature: 0, seed: 9)) == [1, 1, 1, 1, 1])
        #expect(try draw(3, logits, GenerationOptions(temperature: 1, topP: 0, seed: 9)) == [1, 1, 1])
    }

    @Test("equal seeds give equal tokens, other seeds others")
    func seeds() throws {
        let options = GenerationOptions(temperature: 1.3, topP: 0.95, seed: 7)
        #expect(try draw(200, logits, options) == draw(200, logits, options))
        var other = options
        other.seed = 8
        #expect(try draw(200, logits, options) != draw(200, logits, other))
    }

    @Test("frequencies follow softmax(logits / temperature) within four standard deviations", arguments: [0.5, 1, 2])
    func frequencies(temperature: Float) throws {
        let count = 20_000
        let drawn = try draw(count, logits, GenerationOptions(temperature: temperature, seed: 3))
        let weights = logits.map { exp(Double($0 / temperature)) }
        let total = weights.reduce(0, +)
        for token in logits.indices {
            let share = weights[token] / total
            let expected = share * Double(count)
            let seen = Double(drawn.filter { $0 == Int32(token) }.count)
            #expect(abs(seen - expected) <= 4 * (expected * (1 - share)).squareRoot() + 1)
        }
    }

    @Test("top-p draws only from the fewest likeliest tokens that reach it", arguments: 0..<200)
    func nucleus(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let logits = (0..<Int.random(in: 1...40, using: &random)).map { _ in Float.random(in: -4...4, using: &random) }
        let topP = Float.random(in: 0.05...0.99, using: &random)
        let weights = logits.map { exp(Double($0)) }
        let total = weights.reduce(0, +)
        var nucleus: Set<Int32> = []
        var reached = 0.0
        // A little beyond top-p, so that rounding at the border does not decide.
        for token in logits.indices.sorted(by: { weights[$0] > weights[$1] }) where reached < Double(topP) + 1e-5 {
            nucleus.insert(Int32(token))
            reached += weights[token] / total
        }
        let drawn = try draw(100, logits, GenerationOptions(temperature: 1, topP: topP, seed: UInt64(seed)))
        #expect(Set(drawn).isSubset(of: nucleus), "seed \(seed)")
    }
}
