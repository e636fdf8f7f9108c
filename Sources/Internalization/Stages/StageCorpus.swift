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
        let rendered = try StagePrompts(
            stage: stage, rows: rows, schema: encoder.schema, compressor: compressor, retriever: retriever,
            countTokens: encoder.count)
        try self.init(rendered, encoder: encoder)
    }

    /// The token ids of a stage's prompts.
    public init(_ rendered: StagePrompts, encoder: PromptEncoder) throws(InternalizationError) {
        stage = rendered.stage
        template = rendered.template
        var examples: [EncodedExample] = []
        for prompt in rendered.prompts { examples.append(try encoder.encode(prompt)) }
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
