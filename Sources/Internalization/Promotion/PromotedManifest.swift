import Foundation

/// What promotion writes and the gateway checks: which schema, tokenizer, base model and adapter belong together.
///
/// The gateway strips only while every hash fits (docs/architecture.md, "A task folder").
public struct PromotedManifest: Sendable, Codable {
    /// What a stage is refused with whose template was written anew: the gateway sends what it cuts out of a request.
    public static let rewritten = InternalizationError.setting(
        "the stage's template was written anew, not cut, and the gateway can only cut: promote the last stage, or use the "
            + "compressor attribution, self-information or rules")

    /// A folder below the task folder and the SHA-256 of its weights file.
    public struct Part: Sendable, Codable {
        /// Folder, relative to the task folder.
        public let folder: String
        /// SHA-256 of the folder's weights file, hex.
        public let sha256: String

        /// A folder with its digest.
        public init(folder: String, sha256: String) {
            self.folder = folder
            self.sha256 = sha256
        }
    }

    /// The prompt that the adapter was trained to need: share of the template, number of examples.
    public struct PromotedStage: Sendable, Codable, Equatable {
        /// Share of the template that the compressor reached.
        public let tau: Double
        /// Number of examples.
        public let k: Int
        /// What is left of each literal, as byte ranges by the literal's number; nil at the last stage.
        public let template: [Int: [Range<Int>]]?

        /// The last stage: the query alone.
        public static let queryOnly = PromotedStage(tau: 0, k: 0, template: nil)

        /// A stage with the template that its prompts had.
        ///
        /// - Throws: `InternalizationError.setting` if the template was written anew: the gateway sends what it cuts
        ///   out of a request, never text of its own.
        public init(_ stage: Stage, template: CompressedTemplate) throws(InternalizationError) {
            guard !stage.isQueryOnly else {
                self = .queryOnly
                return
            }
            guard let cuts = template.cuts else { throw PromotedManifest.rewritten }
            self.init(tau: template.actualRate, k: stage.exampleCount, template: cuts)
        }

        init(tau: Double, k: Int, template: [Int: [Range<Int>]]?) {
            self.tau = tau
            self.k = k
            self.template = template
        }

        /// Whether the query is all that the prompt needs.
        public var isQueryOnly: Bool { template == nil }
    }

    /// What the evaluation measured, by name.
    public struct Figures: Sendable, Codable {
        /// Held-out rows.
        public let n: Int
        /// Exact match of the promoted adapter with the query alone, in percent; nil if an earlier stage was promoted.
        public let queryOnlyExact: Double?
        /// Exact match of the promoted adapter with its stage's prompts, in percent; nil for the last stage.
        public var stageExact: Double?
        /// Mean tokens of those prompts.
        public var stagePromptTokens: Double?
        /// Exact match of the arm tuned and tested with the full prompt, in percent.
        public let fullPromptExact: Double
        /// Exact match of the arm tuned with the query alone from the first step, in percent.
        public let controlExact: Double
        /// Why it need not be better than the control, where it is not.
        public let controlOverride: String?

        enum CodingKeys: String, CodingKey {
            case n
            case queryOnlyExact = "query_only_exact"
            case stageExact = "stage_exact"
            case stagePromptTokens = "stage_prompt_tokens"
            case fullPromptExact = "full_prompt_exact"
            case controlExact = "control_exact"
            case controlOverride = "control_override"
        }
    }

    /// The file's layout: 1 for the last stage, 3 for an earlier one.
    public let formatVersion: Int
    /// The task's name.
    public let task: String
    /// Fingerprint of the schema that the adapter was trained under.
    public let schemaFingerprint: String
    /// SHA-256 of the base model's tokenizer.json, hex.
    public let tokenizerSHA256: String
    /// The base model.
    public let baseModel: Part
    /// The adapter.
    public let adapter: Part
    /// What the prompt still needs.
    public let stage: PromotedStage
    /// What was measured before promotion.
    public let figures: Figures
    /// When it was promoted, ISO 8601, UTC.
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
