/// What an export folder holds: `export.json`.
public struct ExportIndex: Sendable, Codable, Equatable {
    /// One stage's files and training.
    public struct StageEntry: Sendable, Codable, Equatable {
        /// The training file.
        public let file: String
        /// SHA-256 of the file, hex.
        public let sha256: String
        /// Rows of the file.
        public let rows: Int
        /// Share of the template's tokens that was asked for.
        public let templateRate: Double
        /// Share of the template's tokens that is left.
        public let actualRate: Double
        /// What is left of each literal, as byte ranges by the literal's number; nil where nothing is, or where the
        /// text was written anew.
        public let template: [Int: [Range<Int>]]?
        /// Examples of a prompt.
        public let examples: Int
        /// Optimizer steps of the embedded trainer.
        public let steps: Int
        /// Passes over the file for tools that count epochs: the steps' rows, rounded, at least 1.
        public let epochs: Int
        /// Most tokens of a row, label included.
        public let maximumTokens: Int
        /// Tokens of all rows.
        public let tokens: Int
        /// SHA-256 over all token ids as the embedded trainer has them, hex; nil without the base model's tokenizer.
        public let tokensSHA256: String?
    }

    /// The layout's version; 1.
    public var version = 1
    /// Whose files these are.
    public let target: ExportTarget
    /// The task's name.
    public let task: String
    /// Fingerprint of the schema that the prompts were rendered by.
    public let schemaFingerprint: String
    /// The recipe.
    public let recipe: Recipe
    /// Model to start from, as the tool names it.
    public let model: String?
    /// The token that ends an answer; nil without the base model's tokenizer.
    public let endToken: String?
    /// False if tokens are an estimate, one for every four bytes, because there is no tokenizer.
    public let countsTokens: Bool
    /// Query-only held-out rows in the same shape, if there are any.
    public let validation: String?
    /// The stages, in order.
    public let stages: [StageEntry]
}
