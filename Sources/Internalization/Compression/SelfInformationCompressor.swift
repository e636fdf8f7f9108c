import Engine
public import PromptSchema
import Tokenization

/// Drops the units that the model foresees best: those with the least self-information, -log p a token.
///
/// As in LLMLingua, a unit is judged behind what is still kept: after each round the least informative units (a tenth
/// of the tokens) go, and the rest is read again. The order in which units go is the same for all rates.
public struct SelfInformationCompressor: TemplateCompressor {
    /// "self-information-1" with the base model's digest.
    public let name: String
    private let forced: [String]
    private let schemaFingerprint: String
    private let order: [Int]

    /// Reads the template about twenty times.
    public init(inputs: TrainingInputs, forced: [String] = []) throws(InternalizationError) {
        let encoder = inputs.encoder
        var ranking = UnitRanking(encoder.schema, forced: forced, countTokens: encoder.count)
        let model: DecoderModel
        do throws(EngineError) { model = try DecoderModel(weights: inputs.base) } catch {
            throw .setting("compressor: \(error)")
        }
        var left = Array(ranking.entries.indices)
        var dropped: [Int] = []
        while !left.isEmpty {
            let information = try Self.information(left.map { ranking.entries[$0].text }, encoder, model)
            let sorted = left.indices.sorted {
                information[$0] == information[$1] ? $0 > $1 : information[$0] < information[$1]
            }
            let share = left.reduce(0) { $0 + ranking.entries[$1].tokens } / 10
            var tokens = 0
            var gone = Set<Int>()
            for index in sorted where gone.isEmpty || tokens < share {
                tokens += ranking.entries[left[index]].tokens
                gone.insert(index)
                dropped.append(left[index])
            }
            left = left.indices.filter { !gone.contains($0) }.map { left[$0] }
        }
        ranking.order = dropped.reversed()
        order = ranking.order
        self.forced = forced
        schemaFingerprint = encoder.schema.fingerprint
        name = forcedName("self-information-1+" + String(stableHash(inputs.digests[0]), radix: 16), forced)
    }

    /// Keeps the units that went last while their tokens fit.
    ///
    /// - Throws: `InternalizationError.setting` for another schema than the one that was read.
    public func compress(
        _ schema: Schema, rate: Double, countTokens: ([UInt8]) -> Int
    ) throws(InternalizationError) -> CompressedTemplate {
        guard schema.fingerprint == schemaFingerprint else {
            throw .setting("compressor: the template of schema \(schema.id) has not been read")
        }
        var ranking = UnitRanking(schema, forced: forced, countTokens: countTokens)
        ranking.order = order
        return ranking.compress(schema, rate: rate)
    }

    /// Mean -log p of each text's tokens, in nats, all texts read one after another.
    private static func information(
        _ texts: [[UInt8]], _ encoder: PromptEncoder, _ model: DecoderModel
    ) throws(InternalizationError) -> [Double] {
        var tokens = [encoder.template.stopTokens[0]]
        var ranges: [Range<Int>] = []
        for text in texts {
            let ids = encoder.tokenizer.encode(text)
            ranges.append(tokens.count..<tokens.count + ids.count)
            tokens += ids
        }
        let losses: [Float]
        do throws(EngineError) { losses = try model.score(tokens) } catch {
            throw .setting("compressor: the template cannot be read by the base model: \(error)")
        }
        return ranges.map { range in
            range.isEmpty ? 0 : range.reduce(0.0) { $0 + Double(losses[$1 - 1]) } / Double(range.count)
        }
    }
}
