import Foundation
public import PromptSchema

/// The file `manifest.json` of a task folder: what exactly a tuned model was trained with.
///
/// Promotion writes it; the gateway strips a task's prompts only if every hash in it still holds. Folders that are not
/// absolute count from the manifest's own folder. Format version 1 names folders here, version 2 a provider's model;
/// version 3 names either, and a stage that still needs a part of the prompt.
public struct TaskManifest: Sendable, Equatable {
    /// The base model.
    public struct BaseModel: Sendable, Equatable, Codable {
        /// The model folder.
        public var folder: String
        /// SHA-256 of its `model.safetensors`, in hexadecimal.
        public var sha256: String

        /// Names a base model.
        public init(folder: String, sha256: String) {
            self.folder = folder
            self.sha256 = sha256
        }
    }

    /// The adapter.
    public struct Adapter: Sendable, Equatable, Codable {
        /// The adapter folder.
        public var folder: String
        /// SHA-256 of its `adapter_model.safetensors`, in hexadecimal.
        public var sha256: String

        /// Names an adapter.
        public init(folder: String, sha256: String) {
            self.folder = folder
            self.sha256 = sha256
        }
    }

    /// The stage of the schedule that the adapter was taken from.
    public struct Stage: Sendable, Equatable, Codable {
        /// The share of the template that was still in the prompt; 0 at the end.
        public var tau: Double
        /// The number of examples that were still in the prompt; 0 at the end.
        public var k: Int
        /// What was still in the prompt of each literal that stripping removes, by the literal's number: byte ranges,
        /// in JSON [first byte, byte behind the last]. Nil at the end.
        public var template: [Int: [Range<Int>]]?

        /// Names a stage.
        public init(tau: Double, k: Int, template: [Int: [Range<Int>]]? = nil) {
            self.tau = tau
            self.k = k
            self.template = template
        }

        /// Whether the query is all that is left.
        public var isQueryOnly: Bool { tau == 0 && k == 0 }

        /// What stripping leaves beside the query; nil if nothing.
        public var plan: StripPlan? {
            isQueryOnly ? nil : StripPlan(literals: template ?? [:], examples: k)
        }
    }

    /// A model that a provider tuned and keeps; nothing of it lies here.
    public struct ProviderModel: Sendable, Equatable, Codable {
        /// The provider's base URL.
        public var provider: String
        /// The model it was tuned from.
        public var base: String
        /// The tuned model's name there.
        public var name: String

        /// Names a provider's model.
        public init(provider: String, base: String, name: String) {
            self.provider = provider
            self.base = base
            self.name = name
        }
    }

    /// The tuned model.
    public enum TunedModel: Sendable, Equatable {
        /// Folders here: the tokenizer's SHA-256, the base model, the adapter.
        case folders(tokenizerSHA256: String, base: BaseModel, adapter: Adapter)
        /// A provider's model.
        case provider(ProviderModel)
    }

    /// The newest version there is.
    public static let formatVersion = 3
    /// The file's name in the task folder.
    public static let fileName = "manifest.json"

    /// The task's name.
    public var task: String
    /// The schema's fingerprint.
    public var schemaFingerprint: String
    /// The tuned model.
    public var model: TunedModel
    /// The stage.
    public var stage: Stage
    /// The figures of the evaluation, for people: any JSON object, kept as it is.
    public var figures: ManifestFigures
    /// When promotion wrote it: RFC 3339.
    public var created: String

    /// Makes a manifest.
    public init(
        task: String, schemaFingerprint: String, tokenizerSHA256: String, baseModel: BaseModel, adapter: Adapter,
        stage: Stage, figures: ManifestFigures = ManifestFigures(), created: String
    ) {
        self.task = task
        self.schemaFingerprint = schemaFingerprint
        self.model = .folders(tokenizerSHA256: tokenizerSHA256, base: baseModel, adapter: adapter)
        self.stage = stage
        self.figures = figures
        self.created = created
    }

    /// Makes the manifest of a provider's model.
    public init(
        task: String, schemaFingerprint: String, model: ProviderModel, stage: Stage,
        figures: ManifestFigures = ManifestFigures(), created: String
    ) {
        self.task = task
        self.schemaFingerprint = schemaFingerprint
        self.model = .provider(model)
        self.stage = stage
        self.figures = figures
        self.created = created
    }

    /// SHA-256 of the base model's `tokenizer.json`, in hexadecimal; nil for a provider's model.
    public var tokenizerSHA256: String? {
        if case .folders(let sha256, _, _) = model { sha256 } else { nil }
    }

    /// The base model; nil for a provider's model.
    public var baseModel: BaseModel? {
        if case .folders(_, let base, _) = model { base } else { nil }
    }

    /// The adapter; nil for a provider's model.
    public var adapter: Adapter? {
        if case .folders(_, _, let adapter) = model { adapter } else { nil }
    }

    /// The provider's model; nil if the model lies in folders here.
    public var providerModel: ProviderModel? {
        if case .provider(let model) = model { model } else { nil }
    }

    /// Reads a task folder's manifest; nil if it has none, an error that names file and key if it is not understood.
    public static func load(taskFolder: String) throws(GatewayError) -> TaskManifest? {
        let path = taskFolder + "/" + fileName
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try JSONDecoder().decode(TaskManifest.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw GatewayError(
                .badManifest, "\(path): \(Self.problem(error)): promote the task again, or remove the file")
        }
    }

    private static func problem(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "the value of \"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" has the wrong type"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty: context.debugDescription
        case is DecodingError: "it is not JSON"
        default: "it cannot be read"
        }
    }
}

extension TaskManifest: Codable {
    private enum CodingKeys: String, CodingKey {
        case formatVersion = "format_version"
        case task
        case schemaFingerprint = "schema_fingerprint"
        case tokenizerSHA256 = "tokenizer_sha256"
        case baseModel = "base_model"
        case adapter, stage, figures, created
        case providerModel = "provider_model"
    }

    /// Reads the manifest's JSON; another format version is refused.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let version = try values.decode(Int.self, forKey: .formatVersion)
        guard (1...Self.formatVersion).contains(version) else {
            throw DecodingError.dataCorruptedError(
                forKey: .formatVersion, in: values,
                debugDescription: "format_version is \(version) and this program reads 1 to \(Self.formatVersion)")
        }
        task = try values.decode(String.self, forKey: .task)
        schemaFingerprint = try values.decode(String.self, forKey: .schemaFingerprint)
        model =
            version == 1 || version == 3 && !values.contains(.providerModel)
            ? .folders(
                tokenizerSHA256: try values.decode(String.self, forKey: .tokenizerSHA256),
                base: try values.decode(BaseModel.self, forKey: .baseModel),
                adapter: try values.decode(Adapter.self, forKey: .adapter))
            : .provider(try values.decode(ProviderModel.self, forKey: .providerModel))
        stage = try values.decode(Stage.self, forKey: .stage)
        figures = try values.decodeIfPresent(ManifestFigures.self, forKey: .figures) ?? ManifestFigures()
        created = try values.decode(String.self, forKey: .created)
    }

    /// Writes the manifest's JSON.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(!stage.isQueryOnly ? 3 : providerModel == nil ? 1 : 2, forKey: .formatVersion)
        try values.encode(task, forKey: .task)
        try values.encode(schemaFingerprint, forKey: .schemaFingerprint)
        switch model {
        case .folders(let tokenizerSHA256, let base, let adapter):
            try values.encode(tokenizerSHA256, forKey: .tokenizerSHA256)
            try values.encode(base, forKey: .baseModel)
            try values.encode(adapter, forKey: .adapter)
        case .provider(let model): try values.encode(model, forKey: .providerModel)
        }
        try values.encode(stage, forKey: .stage)
        try values.encode(figures, forKey: .figures)
        try values.encode(created, forKey: .created)
    }
}
