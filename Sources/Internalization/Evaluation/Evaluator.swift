public import Engine
import Foundation
import PromptSchema
import Tokenization

/// Answers held-out rows greedily, as the gateway serves the task, and grades the answers.
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

    /// What a tuned answer has to be, as the gateway holds the embedded engine to it; nil for any text.
    private let form: (any TokenConstraint)?
    private let beams: Int

    /// An evaluator whose examples come from `bank` (training rows).
    ///
    /// - Parameters:
    ///   - form: holds the answers to prompts that are not the full one, as the gateway does: a full prompt goes to
    ///     a model that the task's `answer` does not bind.
    ///   - beams: searched with in the same answers.
    public init(
        encoder: PromptEncoder, bank: [TaskRow], retriever: ExampleRetriever? = nil, maximumAnswer: Int = 128,
        form: (any TokenConstraint)? = nil, beams: Int = 1, threads: Int = 2
    ) {
        self.encoder = encoder
        self.maximumAnswer = maximumAnswer
        self.form = form
        self.beams = beams
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
        let generator = generator(model, prompt)
        let answers = try generator.answers(prompts.map(\.prompt))
        let graded = zip(answers, items).map { answer, item in
            GradedAnswer(
                text: String(decoding: encoder.tokenizer.decode(answer.tokens), as: UTF8.self),
                references: item.references)
        }
        var result = ArmResult(
            arm: arm, meaning: meaning, answers: graded, items: items, metrics: metrics,
            promptTokens: prompts.map(\.prompt.count), answerTokens: answers.map(\.tokens.count))
        if timed > 0 {
            result.latency = try latency(
                generator, prompts.prefix(timed).map(\.prompt), shared: sharedPrefix(of: prompts.map(\.prompt)))
        }
        return result
    }

    private func generator(_ model: DecoderModel, _ prompt: Prompt) -> AnswerGenerator {
        let isFull = if case .full = prompt { true } else { false }
        return AnswerGenerator(
            model: model, endTokens: encoder.template.stopTokens, maximumAnswer: maximumAnswer,
            constraint: isFull ? nil : form, beams: isFull ? 1 : beams, threads: threads)
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

    private func latency(
        _ generator: AnswerGenerator, _ prompts: [[Int32]], shared: Int
    ) throws -> ArmResult.Latency {
        let beginning = try generator.prefilled(Array(prompts.first?.prefix(shared) ?? []))
        func times(_ prompts: [[Int32]], _ cache: () -> KeyValueCache) throws -> (first: Double, total: Double) {
            var firsts: [Double] = []
            var totals: [Double] = []
            var scratch = DecoderScratch(generator.model.config)
            for prompt in prompts {
                var own = cache()
                let clock = ContinuousClock()
                let start = clock.now
                var first = start
                _ = try generator.answer(after: prompt, &own, &scratch) { first = clock.now }
                totals.append((clock.now - start) / .milliseconds(1))
                firsts.append((first - start) / .milliseconds(1))
            }
            return (median(firsts), median(totals))
        }
        let whole = try times(prompts) { KeyValueCache(generator.model.config) }
        let cached = try times(prompts.map { Array($0.dropFirst(shared)) }) {
            beginning.fork(reserving: maximumAnswer + 1_024)
        }
        return ArmResult.Latency(
            n: prompts.count, firstToken: whole.first, total: whole.total, cachedFirstToken: cached.first,
            cachedTotal: cached.total, cachedTokens: shared)
    }
}

private func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
}
