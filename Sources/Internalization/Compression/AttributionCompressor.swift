public import PromptSchema

/// Drops the units that the model needs least: those whose removal raises the loss of the labels by the least a token.
///
/// The score of a unit is mean NLL(label | template without it, query) - mean NLL(label | whole template, query), over
/// training rows, by the model at the start of the stages. Scores are trusted only if those of two disjoint halves of
/// the rows agree; the score of an untrained model is noise, and the rules decide then (`isTrusted`).
public struct AttributionCompressor: TemplateCompressor {
    /// "attribution-1" with the model's and the rows' digests; the rules' name if the scores are not trusted.
    public let name: String
    /// Whether the rank correlation of both halves is above `leastCorrelation`.
    public let isTrusted: Bool
    /// Spearman's rank correlation of the units' scores on two disjoint halves of the rows.
    public let correlation: Double
    private let fallback: RuleCompressor
    private let forced: [String]
    private let schemaFingerprint: String
    private let order: [Int]

    /// Below this the scores are taken for noise.
    public static let leastCorrelation = 0.3
    /// Rows whose labels are scored.
    public static let rows = 64

    /// Scores every unit: two packed passes a unit, the template once and the rows after it.
    ///
    /// - Parameters:
    ///   - cache: folder that keeps the scores under a hash of everything they depend on.
    ///   - progress: gets the number of units done and of all.
    public init(
        inputs: TrainingInputs, forced: [String] = [], cache: String, threads: Int = 2,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws(InternalizationError) {
        let digests = inputs.digests.joined(separator: "\u{0}")
        let key = String(stableHash(digests), radix: 16)
        let path = cache + "/attribution-1-" + key + ".json"
        let count = UnitRanking(inputs.encoder.schema, countTokens: { _ in 0 }).entries.count
        if let stored = StoredScores(path: path), stored.first.count == count, stored.second.count == count {
            self.init(scores: stored, inputs: inputs, forced: forced, key: key)
            return
        }
        let scores = try Self.scores(inputs, threads: threads, progress: progress)
        try scores.save(to: path)
        self.init(scores: scores, inputs: inputs, forced: forced, key: key)
    }

    private static func scores(
        _ inputs: TrainingInputs, threads: Int, progress: (Int, Int) -> Void
    ) throws(InternalizationError) -> StoredScores {
        let schema = inputs.encoder.schema
        let ranking = UnitRanking(schema, countTokens: inputs.encoder.count)
        let scorer = try UnitScorer(inputs, rows: Self.rows, threads: threads)
        let whole = try scorer.losses(nil)
        var halves = StoredScores(first: [], second: [])
        for index in ranking.entries.indices {
            let without = ranking.template(keeping: Set(ranking.entries.indices).subtracting([index]), of: schema)
            let losses = try scorer.losses(without.literals)
            halves.first.append(losses.first - whole.first)
            halves.second.append(losses.second - whole.second)
            progress(index + 1, ranking.entries.count)
        }
        return halves
    }

    private init(scores stored: StoredScores, inputs: TrainingInputs, forced: [String], key: String) {
        let schema = inputs.encoder.schema
        var ranking = UnitRanking(schema, forced: forced, countTokens: inputs.encoder.count)
        correlation = rankCorrelation(stored.first, stored.second)
        isTrusted = correlation > Self.leastCorrelation
        let entries = ranking.entries
        let scores = zip(stored.first, stored.second).enumerated().map { index, pair in
            (pair.0 + pair.1) / 2 / Double(max(1, entries[index].tokens))
        }
        ranking.order.sort { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
        order = ranking.order
        self.forced = forced
        schemaFingerprint = schema.fingerprint
        fallback = RuleCompressor(forced: forced)
        name = isTrusted ? forcedName("attribution-1+" + key, forced) : fallback.name
    }

    /// Keeps the units with the highest scores a token while their tokens fit.
    ///
    /// - Throws: `InternalizationError.setting` for another schema than the one that was scored.
    public func compress(
        _ schema: Schema, rate: Double, countTokens: ([UInt8]) -> Int
    ) throws(InternalizationError) -> CompressedTemplate {
        guard schema.fingerprint == schemaFingerprint else {
            throw .setting("compressor: the units of schema \(schema.id) have not been scored")
        }
        guard isTrusted else { return fallback.compress(schema, rate: rate, countTokens: countTokens) }
        var ranking = UnitRanking(schema, forced: forced, countTokens: countTokens)
        ranking.order = order
        return ranking.compress(schema, rate: rate)
    }
}
