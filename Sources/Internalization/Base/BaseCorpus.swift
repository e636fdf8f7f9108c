import PromptSchema
import Randomness
public import Tuning

/// What a base model is trained and examined on.
public protocol BaseSource {
    /// The sequences of an optimizer step, counted from 0; the same for the same step.
    func batch(step: Int, threads: Int) throws -> [PackedSequence]
    /// Sequences that no step trains on, with losses on the answers only, for the examination after `step` steps.
    func examination(after step: Int) throws -> [PackedSequence]
}

/// The text of a base model's training: for every step, rows of each source with the prompt that the source asks for.
///
/// A step's rows depend on the recipe's seed and the step's number only, so a resumed run sees what it would have seen.
public struct BaseCorpus: BaseSource, Sendable {
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
    private let heldOut: [PackedSequence]

    /// A corpus over the rows of each of the recipe's sources, in their order; `heldOut` rows are examined, query-only.
    public init(
        recipe: BaseRecipe, rows: [[TaskRow]], heldOut: [TaskRow] = [], encoder: PromptEncoder
    ) throws(InternalizationError) {
        precondition(rows.count == recipe.sources.count)
        self.recipe = recipe
        self.encoder = encoder
        parts = zip(recipe.sources, rows).map { source, rows in
            Part(
                source: source, rows: rows, swap: ArgumentSwap(rows),
                retriever: source.prompt == .full ? ExampleRetriever(bank: rows) : nil)
        }
        emptied = encoder.schema.emptiedLiterals
        self.heldOut = try Self.examination(heldOut, encoder)
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
            var random = SplitMix64(
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

    /// The held-out rows, always the same.
    public func examination(after step: Int) -> [PackedSequence] { heldOut }

    private static func examination(
        _ rows: [TaskRow], _ encoder: PromptEncoder
    ) throws(InternalizationError) -> [PackedSequence] {
        let emptied = encoder.schema.emptiedLiterals
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
        _ row: TaskRow, _ part: Part, _ random: inout SplitMix64
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
        var random = SplitMix64(seed: seed &* 7_919 &+ UInt64(epoch))
        self.count = count
        var factor = count < 3 ? 1 : 1 + random.below(count - 1)
        while Self.divisor(factor, count) != 1 { factor += 1 }
        self.factor = factor
        offset = random.below(count)
    }

    subscript(position: Int) -> Int {
        (position * factor + offset) % count
    }

    private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
}
