import Foundation

/// How far a fine-tuning has come; the file is replaced at once after every step that the provider has acknowledged.
public struct FineTuningState: Sendable, Equatable, Codable {
    /// What is known of a stage.
    public struct StageState: Sendable, Equatable, Codable {
        /// SHA-256 of the training file that was uploaded.
        public var sha256: String
        /// The uploaded file.
        public var file: String?
        /// The marker of the job that was, or was about to be, created.
        public var marker: String?
        /// The job.
        public var job: String?
        /// The newest event that was shown.
        public var lastEvent: String?
        /// The model that came out.
        public var model: String?
        /// Tokens that are billed.
        public var trainedTokens: Int?
    }

    /// The layout's version; 1.
    public var version = 1
    /// The provider's base URL.
    public var provider: String
    /// The model that the first stage starts from.
    public var base: String
    /// The uploaded validation file.
    public var validation: String?
    /// The stages.
    public var stages: [StageState]

    /// The state before anything was done.
    public init(provider: String, plan: FineTuningPlan) {
        self.provider = provider
        base = plan.model
        stages = plan.stages.map { StageState(sha256: $0.sha256) }
    }

    /// Reads a state file that belongs to the plan; nil if there is none.
    ///
    /// - Throws: `FineTuningError.state` if the file is damaged or belongs to another plan.
    public static func load(
        _ path: String, provider: String, plan: FineTuningPlan
    ) throws(FineTuningError) -> FineTuningState? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        guard let state = try? JSONDecoder().decode(FineTuningState.self, from: data), state.version == 1 else {
            throw .state(path: path, reason: "is not a state file of this program; remove it to start anew")
        }
        guard state.provider == provider else {
            throw .state(path: path, reason: "belongs to \(state.provider); use that base URL, or remove the file")
        }
        guard state.base == plan.model, state.stages.map(\.sha256) == plan.stages.map(\.sha256) else {
            throw .state(path: path, reason: "belongs to other data or another model; remove it to start anew")
        }
        return state
    }

    /// Writes the state, replacing the file at once.
    public func save(_ path: String) throws(FineTuningError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .state(path: path, reason: "cannot be written: \(error.localizedDescription)")
        }
    }
}
