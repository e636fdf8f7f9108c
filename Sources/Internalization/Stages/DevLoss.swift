import Tuning

/// The loss on some dev rows, with the query alone and with the full prompt, in nats a token of the label.
struct DevLoss {
    /// Rows that are looked at; more would cost more than they tell.
    static let maximumRows = 128

    private let stripped: [PackedSequence]
    private let whole: [PackedSequence]

    /// Prompts of the first dev rows. Examples of the full prompt are found by query, never by label.
    init(_ inputs: TrainingInputs, examples count: Int) throws(InternalizationError) {
        let emptied = inputs.encoder.schema.emptiedLiterals
        var stripped: [EncodedExample] = []
        var whole: [EncodedExample] = []
        for row in inputs.dev.prefix(Self.maximumRows) {
            stripped.append(try inputs.encoder.encode(row, examples: [], literals: emptied))
            let examples = inputs.retriever.examples(forQuery: row.query, count: count)
            whole.append(try inputs.encoder.encode(row, examples: examples, literals: nil))
        }
        self.stripped = Self.packed(stripped, size: 32)
        self.whole = Self.packed(whole, size: 8)
    }

    func queryOnly(_ trainer: Trainer) -> Double { trainer.loss(stripped) }

    func fullPrompt(_ trainer: Trainer) -> Double { trainer.loss(whole) }

    static func packed(_ prompts: [EncodedExample], size: Int) -> [PackedSequence] {
        stride(from: 0, to: prompts.count, by: size).map { start in
            PackedSequence(packing: Array(prompts[start..<min(start + size, prompts.count)]))
        }
    }
}
