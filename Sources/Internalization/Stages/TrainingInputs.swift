public import Engine
import PromptSchema
import Tokenization

/// What a run is trained from, besides its recipe.
public struct TrainingInputs: Sendable {
    /// The base model.
    public let base: ModelWeights
    /// The training rows.
    public let rows: [TaskRow]
    /// Held-out rows that decide borders, stops and the teacher; empty where a recipe needs none of them.
    public let dev: [TaskRow]
    /// Turns rows into tokens.
    public let encoder: PromptEncoder
    /// Shortens the template.
    public let compressor: any TemplateCompressor
    /// Finds examples.
    public let retriever: ExampleRetriever
    /// Names of the inputs: the base model's digest, those of the data, schema and tokenizer.
    public let digests: [String]

    /// Inputs; `baseDigest` names the base model.
    public init(
        base: ModelWeights, baseDigest: String, rows: [TaskRow], dev: [TaskRow] = [], encoder: PromptEncoder,
        compressor: any TemplateCompressor = RuleCompressor(), retriever: ExampleRetriever? = nil
    ) {
        self.base = base
        self.rows = rows
        self.dev = dev
        self.encoder = encoder
        self.compressor = compressor
        self.retriever = retriever ?? ExampleRetriever(bank: rows)
        digests = [baseDigest, TaskRows.digest(rows), encoder.schema.fingerprint, encoder.tokenizer.fingerprint]
    }
}
