import Crypto
import PromptSchema

/// The training data of one stage: every row under the stage's template and number of examples.
public struct StageCorpus: Sendable {
    /// The stage.
    public let stage: Stage
    /// What the template was shortened to.
    public let template: CompressedTemplate
    /// The rows' prompts and labels, in the order of the data set.
    public let examples: [EncodedExample]
    /// SHA-256 over all token ids, hex.
    public let digest: String

    /// Builds the stage's prompts. Labels are the same in every stage; examples are the nearest by label.
    public init(
        stage: Stage, rows: [TaskRow], encoder: PromptEncoder, compressor: any TemplateCompressor,
        retriever: ExampleRetriever
    ) throws(InternalizationError) {
        self.stage = stage
        template = compressor.compress(encoder.schema, rate: stage.templateRate, countTokens: encoder.count)
        var examples: [EncodedExample] = []
        examples.reserveCapacity(rows.count)
        for row in rows {
            let chosen =
                stage.exampleCount == 0 ? [] : retriever.examples(forTraining: row, count: stage.exampleCount)
            examples.append(try encoder.encode(row, examples: chosen, literals: template.literals))
        }
        self.examples = examples
        var hash = SHA256()
        for example in examples {
            for ids in [example.prompt, example.answer] {
                hash.update(data: ids.flatMap { id in (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) } })
                hash.update(data: [0xFF])
            }
        }
        digest = hexadecimal(hash.finalize())
    }

    /// Mean tokens of a prompt.
    public var meanPromptTokens: Double {
        examples.isEmpty ? 0 : Double(examples.reduce(0) { $0 + $1.prompt.count }) / Double(examples.count)
    }
}
