import Engine
import Tuning

/// The loss of some rows' labels behind a template, in nats a token, for two disjoint halves of the rows.
struct UnitScorer {
    private let trainer: Trainer
    private let encoder: PromptEncoder
    private let rows: [TaskRow]

    init(_ inputs: TrainingInputs, rows count: Int, threads: Int) throws(InternalizationError) {
        let step = max(1, inputs.rows.count / count)
        rows = stride(from: 0, to: inputs.rows.count, by: step).prefix(count).map { inputs.rows[$0] }
        guard rows.count >= 2 else { throw .setting("compressor: attribution needs at least two training rows") }
        encoder = inputs.encoder
        trainer = Trainer(
            weights: inputs.base,
            trainable: .adapter(.initial(config: .init(rank: 1, alpha: 1), model: inputs.base.config, seed: 1)),
            options: AdamW.Options(), threads: min(2, threads))
    }

    func losses(_ literals: [Int: [UInt8]]?) throws(InternalizationError) -> (first: Double, second: Double) {
        var prompts: [EncodedExample] = []
        for row in rows { prompts.append(try encoder.encode(row, examples: [], literals: literals)) }
        let half = prompts.count / 2
        return (
            trainer.loss([PackedSequence(packing: Array(prompts.prefix(half)))]),
            trainer.loss([PackedSequence(packing: Array(prompts.dropFirst(half)))])
        )
    }
}
