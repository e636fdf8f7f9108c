public import Experimentation
import PromptSchema

/// A task as `GET /admin/tasks` shows it.
public struct TaskStatus: Sendable, Equatable, Codable {
    /// The task's name.
    public var task: String
    /// The schema's version.
    public var schemaVersion: String
    /// The schema's fingerprint.
    public var schemaFingerprint: String
    /// The mode in force.
    public var mode: Mode
    /// The mode in the configuration.
    public var configuredMode: Mode
    /// `matches`, `missing` or `differs`.
    public var manifest: String
    /// What differs, and what to do; empty unless the manifest differs.
    public var problems: [String]
    /// What the tuned model's prompts still have beside the query: share of the template, and examples; absent if
    /// nothing.
    public var stage: Stage?
    /// Who answers stripped prompts, absent if nobody does.
    public var tunedBackend: String?
    /// The tuned model.
    public var tunedModel: String?
    /// Who answers full prompts.
    public var fullBackend: String
    /// The model that gets full prompts, absent if it is the one that the client names.
    public var fullModel: String?
    /// Where tokens of prompts come from: `counted` or `estimated`.
    public var counts: String

    /// An intermediate stage.
    public struct Stage: Sendable, Equatable, Codable {
        /// Share of the template.
        public var template: Double
        /// Number of examples.
        public var examples: Int
    }

    init(_ task: GatewayTask, _ flags: Flags) {
        self.task = task.name
        schemaVersion = task.schema.version
        schemaFingerprint = task.schema.fingerprint
        mode = flags.mode(of: task.name)
        configuredMode = task.initialMode
        switch task.manifest {
        case .missing: (manifest, problems) = ("missing", [])
        case .matches(let promoted):
            (manifest, problems) = ("matches", [])
            if !promoted.stage.isQueryOnly { stage = Stage(template: promoted.stage.tau, examples: promoted.stage.k) }
        case .differs(let sentences): (manifest, problems) = ("differs", sentences)
        }
        tunedBackend = task.tuned?.backend
        tunedModel = task.tuned?.model
        fullBackend = task.full.backend
        fullModel = task.full.model
        counts = task.counter == nil ? "estimated" : "counted"
    }

    /// The names in JSON.
    public enum CodingKeys: String, CodingKey {
        /// `task` and the like: the properties' names in the JSON's spelling.
        case task, mode, manifest, problems, stage, counts
        case schemaVersion = "schema_version"
        case schemaFingerprint = "schema_fingerprint"
        case configuredMode = "configured_mode"
        case tunedBackend = "tuned_backend"
        case tunedModel = "tuned_model"
        case fullBackend = "full_backend"
        case fullModel = "full_model"
    }
}

/// Whether the gateway can serve, for `GET /health/ready`; asking it calls no model.
public struct GatewayHealth: Sendable, Equatable, Codable {
    /// Whether requests can be served and accounted for.
    public var isReady: Bool
    /// What stands against it, each with what to do.
    public var problems: [String]
    /// Rows that could not be written since the start.
    public var ledgerErrors: Int

    /// The names in JSON.
    public enum CodingKeys: String, CodingKey {
        /// `ready` and the like: the properties' names in the JSON's spelling.
        case isReady = "ready"
        case problems
        case ledgerErrors = "ledger_errors"
    }
}
