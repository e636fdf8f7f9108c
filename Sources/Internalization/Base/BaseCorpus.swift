import PromptSchema
public import Tuning

/// The text of a base model's training: for every step, rows of each source with the prompt that the source asks for.
///
/// A step's rows depend on the recipe's seed and the step's number only, so a resumed run sees what it would have seen.
public struct BaseCorpus: Sendable {
    /// A source with its rows.
    private struct Part: Sendable {
        let source: BaseRecipe.Source
        let rows: [TaskRow]
        let swap: ArgumentSwap
        let retriever: ExampleRetriever?
    }

    private let recipe: BaseRecipe
    private let encoder: PromptEncoder
    private let parts: [Part]
    private let emptied: [Int: [UInt8]]

    /// A corpus over the rows of each of the recipe's sources, in their order.
    public init(recipe: BaseRecipe, rows: [[TaskRow]], encoder: PromptEncoder) {
        precondition(rows.count == recipe.sources.count)
        self.recipe = recipe
        self.encoder = encoder
        parts = zip(recipe.sources, rows).map { source, rows in
            Part(
                source: source, rows: rows, swap: ArgumentSwap(rows),
                retriever: source.prompt == .full ? ExampleRetriever(bank: rows) : nil)
        }
        let removable = encoder.schema.literals.filter { !$0.keep }
        emptied = Dictionary(uniqueKeysWithValues: removable.map { ($0.number, []) })
    }

    /// Passes over a source's rows after `steps` steps.
    public func passes(ofSource number: Int, after steps: Int) -> Double {
        let source = parts[number].source
        return Double(steps / source.everySteps * source.rowsPerStep) / Double(parts[number].rows.count)
    }

    /// The sequences of a step: those of each source, split over `threads` so that all have about as much to do.
    public func batch(step: Int, threads: Int) throws(InternalizationError) -> [PackedSequence] {
        var lanes: [[PackedSequence]] = Array(repeating: [], count: threads)
        for (number, part) in parts.enumerated() where step % part.source.everySteps == 0 {
            var random = TrainingRandom(
                seed: recipe.seed &* 1_000_003 &+ UInt64(step) &* 64 &+ UInt64(number))
            var examples: [EncodedExample] = []
            for index in 0..<part.source.rowsPerStep {
                let position = step / part.source.everySteps * part.source.rowsPerStep + index
                examples.append(try encode(row(part, number, position), part, &random))
            }
            for lane in 0..<threads {
                let own = stride(from: lane, to: examples.count, by: threads).map { examples[$0] }
                if !own.isEmpty { lanes[lane].append(PackedSequence(packing: own, promptWeight: recipe.promptWeight)) }
            }
        }
        // The trainer deals sequences round: sequence i goes to thread i modulo threads.
        let longest = lanes.map(\.count).max() ?? 0
        return (0..<longest).flatMap { index in lanes.compactMap { index < $0.count ? $0[index] : nil } }
    }

    /// Query-only rows with losses on the answers, to measure what has been learned.
    public func examination(_ rows: [TaskRow]) throws(InternalizationError) -> [PackedSequence] {
        var sequences: [PackedSequence] = []
        for start in stride(from: 0, to: rows.count, by: 24) {
            var examples: [EncodedExample] = []
            for row in rows[start..<min(start + 24, rows.count)] {
                examples.append(try encoder.encode(row, examples: [], literals: emptied))
            }
            sequences.append(PackedSequence(packing: examples))
        }
        return sequences
    }

    private func row(_ part: Part, _ number: Int, _ position: Int) -> TaskRow {
        let count = part.rows.count
        let order = RowOrder(seed: recipe.seed &* 31 &+ UInt64(number), epoch: position / count, count: count)
        return part.rows[order[position % count]]
    }

    private func encode(
        _ row: TaskRow, _ part: Part, _ random: inout TrainingRandom
    ) throws(InternalizationError) -> EncodedExample {
        if let retriever = part.retriever {
            let examples = retriever.examples(forTraining: row, count: recipe.examples)
            return try encoder.encode(row, examples: examples, literals: nil)
        }
        var row = row
        if random.unit() < part.source.swapShare { row = part.swap.swapped(row, random: &random) }
        if recipe.wordDropout > 0 { row = ArgumentSwap.dropping(recipe.wordDropout, from: row, random: &random) }
        return try encoder.encode(row, examples: [], literals: emptied)
    }
}

/// A permutation of 0..<count that needs no table: an affine map with a factor that has no divisor in common with the
/// count, so that any position of any epoch is found at once.
struct RowOrder {
    private let count: Int
    private let factor: Int
    private let offset: Int

    init(seed: UInt64, epoch: Int, count: Int) {
        var random = TrainingRandom(seed: seed &* 7_919 &+ UInt64(epoch))
        self.count = count
        var factor = count < 3 ? 1 : 1 + Int(random.next() >> 1) % (count - 1)
        while Self.divisor(factor, count) != 1 { factor += 1 }
        self.factor = factor
        offset = Int(random.next() >> 1) % count
    }

    subscript(position: Int) -> Int {
        (position * factor + offset) % count
    }

    private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
}

extension PackedSequence {
    /// Packs prompts that start alike; answers count 1 a token, what a prompt has of its own `promptWeight`.
    init(packing examples: [EncodedExample], promptWeight: Float) {
        var shared = max(0, (examples.map(\.prompt.count).min() ?? 1) - 1)
        let first = examples.first?.prompt ?? []
        for example in examples.dropFirst() {
            shared = zip(first.prefix(shared), example.prompt).prefix { $0 == $1 }.count
        }
        self.init(prefix: Array(first.prefix(shared)))
        for example in examples {
            let rest = Array(example.prompt.dropFirst(shared))
            append(
                rest + example.answer,
                weights: [Float](repeating: promptWeight, count: rest.count)
                    + [Float](repeating: 1, count: example.answer.count))
        }
    }
}
