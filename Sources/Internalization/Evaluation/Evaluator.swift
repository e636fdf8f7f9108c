// Unchecked sendability: `Slots` is written by the iterations of `concurrentPerform`, each at its own indices, and
// read after all have ended.

import Dispatch
public import Engine
import Foundation
import PromptSchema
import Tokenization

/// Answers held-out rows greedily and compares with the labels, byte for byte.
public struct Evaluator: Sendable {
    /// How prompts are made.
    public enum Prompt: Sendable {
        /// Whole template and k examples, retrieved by query similarity.
        case full(examples: Int)
        /// What a compressor left of the template, and k examples, retrieved by query similarity.
        case shortened(literals: [Int: [UInt8]], examples: Int)
        /// What stripping leaves.
        case queryOnly
    }

    private let encoder: PromptEncoder
    private let retriever: ExampleRetriever
    private let emptied: [Int: [UInt8]]
    private let threads: Int

    /// Longest answer, in tokens; a longer one counts as wrong.
    public let maximumAnswer: Int

    /// An evaluator whose examples come from `bank` (training rows).
    public init(
        encoder: PromptEncoder, bank: [TaskRow], retriever: ExampleRetriever? = nil, maximumAnswer: Int = 128,
        threads: Int = 2
    ) {
        self.encoder = encoder
        self.maximumAnswer = maximumAnswer
        self.threads = threads
        self.retriever = retriever ?? ExampleRetriever(bank: bank)
        emptied = encoder.schema.emptiedLiterals
    }

    /// The rows' prompts.
    public func prompts(_ rows: [TaskRow], _ prompt: Prompt) throws(InternalizationError) -> [EncodedExample] {
        var result: [EncodedExample] = []
        for row in rows {
            switch prompt {
            case .full(let count):
                let examples = retriever.examples(forQuery: row.query, count: count)
                result.append(try encoder.encode(row, examples: examples, literals: nil))
            case .shortened(let literals, let count):
                let examples = retriever.examples(forQuery: row.query, count: count)
                result.append(try encoder.encode(row, examples: examples, literals: literals))
            case .queryOnly:
                result.append(try encoder.encode(row, examples: [], literals: emptied))
            }
        }
        return result
    }

    /// Answers every item greedily and grades the answers; times `timed` items one by one, when asked to.
    ///
    /// An answer that does not end within `maximumAnswer` tokens is graded as what it is up to there.
    public func evaluate(
        arm: String, meaning: String, model: DecoderModel, items: [EvaluationItem], prompt: Prompt,
        metrics: [any AnswerMetric] = MetricTable.standard, timed: Int = 0
    ) throws -> ArmResult {
        let prompts = try prompts(items.map(\.row), prompt)
        let shared = sharedPrefix(of: prompts.map(\.prompt))
        let base = try prefilled(model, Array(prompts.first?.prompt.prefix(shared) ?? []))
        let answers = try answerAll(model, prompts.map { Array($0.prompt.dropFirst(shared)) }, base)
        let graded = zip(answers, items).map { answer, item in
            GradedAnswer(
                text: String(decoding: encoder.tokenizer.decode(answer), as: UTF8.self), references: item.references)
        }
        var result = ArmResult(
            arm: arm, meaning: meaning, answers: graded, items: items, metrics: metrics,
            promptTokens: prompts.map(\.prompt.count), answerTokens: answers.map(\.count))
        if timed > 0 { result.latency = try latency(model, Array(prompts.prefix(timed)), shared, base) }
        return result
    }

    /// exp(mean negative log-likelihood) of the labels' tokens, end token included, after the arm's prompts.
    public func perplexity(model: DecoderModel, items: [EvaluationItem], prompt: Prompt) throws -> Double {
        var total = 0.0
        var count = 0
        for example in try prompts(items.map(\.row), prompt) {
            let losses = try model.score(example.prompt + example.answer).suffix(example.answer.count)
            total += losses.reduce(0) { $0 + Double($1) }
            count += losses.count
        }
        return exp(total / Double(max(1, count)))
    }

    /// What copying the label of the nearest training row, by BM25 over queries, is worth: no model at all.
    public func nearestNeighbour(
        arm: String, meaning: String, items: [EvaluationItem], metrics: [any AnswerMetric] = MetricTable.standard
    ) -> ArmResult {
        let graded = items.map { item in
            GradedAnswer(
                text: retriever.examples(forQuery: item.row.query, count: 1).first?.answer ?? "",
                references: item.references)
        }
        return ArmResult(
            arm: arm, meaning: meaning, answers: graded, items: items, metrics: metrics, promptTokens: [],
            answerTokens: [])
    }

    private func prefilled(_ model: DecoderModel, _ tokens: [Int32]) throws -> KeyValueCache {
        var cache = KeyValueCache(model.config)
        var scratch = DecoderScratch(model.config)
        if !tokens.isEmpty { _ = try model.forward(tokens, cache: &cache, scratch: &scratch) }
        return cache
    }

    private final class Slots: @unchecked Sendable {
        var answers: [[Int32]]
        var failures: [(any Error)?]

        init(count: Int) {
            answers = Array(repeating: [], count: count)
            failures = Array(repeating: nil, count: count)
        }
    }

    private func answerAll(_ model: DecoderModel, _ rests: [[Int32]], _ base: KeyValueCache) throws -> [[Int32]] {
        let lanes = (0..<threads).map { _ in Slots(count: rests.count) }
        let threads = threads
        let limit = maximumAnswer
        DispatchQueue.concurrentPerform(iterations: threads) { lane in
            var scratch = DecoderScratch(model.config)
            for index in stride(from: lane, to: rests.count, by: threads) {
                do {
                    var cache = base.fork(reserving: rests[index].count + limit)
                    lanes[lane].answers[index] = try Self.answer(model, rests[index], &cache, &scratch, limit) {}
                } catch {
                    lanes[lane].failures[index] = error
                }
            }
        }
        for lane in lanes {
            if let failure = lane.failures.lazy.compactMap({ $0 }).first { throw failure }
        }
        return rests.indices.map { lanes[$0 % threads].answers[$0] }
    }

    private static func answer(
        _ model: DecoderModel, _ rest: [Int32], _ cache: inout KeyValueCache, _ scratch: inout DecoderScratch,
        _ limit: Int, firstToken: () -> Void
    ) throws -> [Int32] {
        var tokens: [Int32] = []
        _ = try model.generate(
            after: rest, cache: &cache, scratch: &scratch, options: GenerationOptions(maximumNewTokens: limit)
        ) { token in
            if tokens.isEmpty { firstToken() }
            tokens.append(token)
            return true
        }
        return tokens
    }

    private func latency(
        _ model: DecoderModel, _ prompts: [EncodedExample], _ shared: Int, _ base: KeyValueCache
    ) throws -> ArmResult.Latency {
        func times(_ prompts: [[Int32]], _ cache: () -> KeyValueCache) throws -> (first: Double, total: Double) {
            var firsts: [Double] = []
            var totals: [Double] = []
            var scratch = DecoderScratch(model.config)
            for prompt in prompts {
                var own = cache()
                let clock = ContinuousClock()
                let start = clock.now
                var first = start
                _ = try Self.answer(model, prompt, &own, &scratch, maximumAnswer) { first = clock.now }
                totals.append((clock.now - start) / .milliseconds(1))
                firsts.append((first - start) / .milliseconds(1))
            }
            return (median(firsts), median(totals))
        }
        let whole = try times(prompts.map(\.prompt)) { KeyValueCache(model.config) }
        let cached = try times(prompts.map { Array($0.prompt.dropFirst(shared)) }) {
            base.fork(reserving: maximumAnswer + 1_024)
        }
        return ArmResult.Latency(
            n: prompts.count, firstToken: whole.first, total: whole.total, cachedFirstToken: cached.first,
            cachedTotal: cached.total, cachedTokens: shared)
    }
}

private func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
}
