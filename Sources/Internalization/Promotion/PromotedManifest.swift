import Foundation

/// What promotion writes and the gateway checks: which schema, tokenizer, base model and adapter belong together.
///
/// The gateway strips only while every hash fits (docs/architecture.md, "A task folder").
public struct PromotedManifest: Sendable, Codable {
    /// A folder below the task folder and the SHA-256 of its weights file.
    public struct Part: Sendable, Codable {
        public let folder: String
        public let sha256: String

        /// A folder with its digest.
        public init(folder: String, sha256: String) {
            self.folder = folder
            self.sha256 = sha256
        }
    }

    /// The prompt that the adapter was trained to need: share of the template, number of examples.
    public struct PromotedStage: Sendable, Codable {
        public let tau: Double
        public let k: Int
    }

    /// What the evaluation measured, by name.
    public struct Figures: Sendable, Codable {
        public let n: Int
        public let queryOnlyExact: Double
        public let fullPromptExact: Double
        public let controlExact: Double

        enum CodingKeys: String, CodingKey {
            case n
            case queryOnlyExact = "query_only_exact"
            case fullPromptExact = "full_prompt_exact"
            case controlExact = "control_exact"
        }
    }

    public let formatVersion: Int
    public let task: String
    public let schemaFingerprint: String
    public let tokenizerSHA256: String
    public let baseModel: Part
    public let adapter: Part
    public let stage: PromotedStage
    public let figures: Figures
    public let created: String

    enum CodingKeys: String, CodingKey {
        case formatVersion = "format_version"
        case task
        case schemaFingerprint = "schema_fingerprint"
        case tokenizerSHA256 = "tokenizer_sha256"
        case baseModel = "base_model"
        case adapter
        case stage
        case figures
        case created
    }
}
