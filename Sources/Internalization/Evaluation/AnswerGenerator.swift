// Unchecked sendability: `Slots` is written by one iteration of `concurrentPerform` each, and read after all have
// ended.

import Dispatch
import Engine

/// Lets a model answer prompts, as the embedded engine serves them: the chat template's end tokens end an answer, and
/// an answer's form, where there is one, decides what may be written.
struct AnswerGenerator: Sendable {
    /// An answer's tokens, end token excluded.
    struct Answer: Sendable {
        var tokens: [Int32] = []
        /// Whether the model ended it, rather than the limit.
        var isComplete = false
    }

    let model: DecoderModel
    /// What is the same for every answer; each is drawn by a seed of its own, where it is drawn at all.
    let options: GenerationOptions
    let threads: Int

    /// - Parameters:
    ///   - constraint: the form of an answer at its beginning; nil for any text.
    ///   - beams: beginnings that are kept side by side; more than 1 need temperature 0.
    ///   - temperature: 0 for the likeliest token at every place.
    init(
        model: DecoderModel, endTokens: [Int32], maximumAnswer: Int, constraint: (any TokenConstraint)? = nil,
        beams: Int = 1, temperature: Float = 0, seed: UInt64 = 0, threads: Int
    ) {
        var options = GenerationOptions(
            maximumNewTokens: maximumAnswer, temperature: temperature, seed: seed, endTokens: endTokens)
        options.constraint = constraint
        options.beams = beams
        self.model = model
        self.options = options
        self.threads = threads
    }

    /// The answers to prompts, in their order; their longest common beginning is computed once.
    func answers(_ prompts: [[Int32]]) throws -> [Answer] {
        let shared = sharedPrefix(of: prompts)
        let beginning = try prefilled(Array(prompts.first?.prefix(shared) ?? []))
        let lanes = (0..<threads).map { _ in Slots(count: prompts.count) }
        let threads = threads
        DispatchQueue.concurrentPerform(iterations: threads) { lane in
            var scratch = DecoderScratch(model.config)
            for index in stride(from: lane, to: prompts.count, by: threads) {
                do {
                    var cache = beginning.fork(reserving: prompts[index].count)
                    lanes[lane].answers[index] = try answer(
                        after: Array(prompts[index].dropFirst(shared)), number: index, &cache, &scratch)
                } catch {
                    lanes[lane].failures[index] = error
                }
            }
        }
        for lane in lanes {
            if let failure = lane.failures.lazy.compactMap({ $0 }).first { throw failure }
        }
        return prompts.indices.map { lanes[$0 % threads].answers[$0] }
    }

    /// One answer after what the cache holds and `rest`; `firstToken` is called when its first token is there.
    func answer(
        after rest: [Int32], number: Int = 0, _ cache: inout KeyValueCache, _ scratch: inout DecoderScratch,
        firstToken: () -> Void = {}
    ) throws(EngineError) -> Answer {
        var own = options
        // Streams of SplitMix64 that lie far apart.
        own.seed = options.seed &+ UInt64(number) &* 0xD134_2543_DE82_EF95
        var answer = Answer()
        let reason = try model.generate(after: rest, cache: &cache, scratch: &scratch, options: own) { token in
            if answer.tokens.isEmpty { firstToken() }
            answer.tokens.append(token)
            return true
        }
        answer.isComplete = reason == .stop
        return answer
    }

    /// A cache that holds these tokens.
    func prefilled(_ tokens: [Int32]) throws(EngineError) -> KeyValueCache {
        var cache = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        if !tokens.isEmpty { _ = try model.forward(tokens, cache: &cache, scratch: &scratch) }
        return cache
    }

    private final class Slots: @unchecked Sendable {
        var answers: [Answer]
        var failures: [(any Error)?]

        init(count: Int) {
            answers = Array(repeating: Answer(), count: count)
            failures = Array(repeating: nil, count: count)
        }
    }
}
