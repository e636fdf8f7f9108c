/// A fine-tuning job as the provider describes it (API reference, "The fine-tuning job object").
public struct FineTuningJob: Sendable, Equatable, Decodable {
    /// Where a job stands.
    public enum Status: String, Sendable, Decodable {
        case validatingFiles = "validating_files"
        case queued, running, succeeded, failed, cancelled
        /// The user paused it at the provider; it may go on.
        case paused

        /// Reads a status; one that this program does not know is taken to be on the way.
        public init(from decoder: any Decoder) throws {
            self = Status(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .running
        }

        /// Whether nothing will change any more.
        public var isFinal: Bool { [.succeeded, .failed, .cancelled].contains(self) }
    }

    /// Why a job failed.
    public struct Problem: Sendable, Equatable, Decodable {
        /// For programs.
        public let code: String?
        /// For people.
        public let message: String?
    }

    /// The job's name at the provider.
    public let id: String
    /// Where it stands.
    public let status: Status
    /// The model that came out; nil before the end.
    public let model: String?
    /// Tokens that are billed; nil before the end.
    public let trainedTokens: Int?
    /// Unix time at which it is expected to end.
    public let estimatedFinish: Int?
    /// Why it failed.
    public let error: Problem?
    /// The caller's own marks.
    public let metadata: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case id, status, error, metadata
        case model = "fine_tuned_model"
        case trainedTokens = "trained_tokens"
        case estimatedFinish = "estimated_finish"
    }
}

/// Something that happened to a job.
public struct FineTuningEvent: Sendable, Equatable, Decodable {
    /// What a training step measured.
    public struct Metrics: Sendable, Equatable, Decodable {
        /// Step, counted from 1.
        public let step: Int?
        /// Steps in all.
        public let totalSteps: Int?
        /// Loss of the step.
        public let loss: Double?

        private enum CodingKeys: String, CodingKey {
            case step
            case totalSteps = "total_steps"
            case loss = "train_loss"
        }
    }

    /// The event's name at the provider.
    public let id: String
    /// Unix time.
    public let createdAt: Int
    /// info, warn or error.
    public let level: String
    /// For people.
    public let message: String
    /// What a step measured; nil for other events.
    public let metrics: Metrics?

    private enum CodingKeys: String, CodingKey {
        case id, level, message
        case createdAt = "created_at"
        case metrics = "data"
    }

    /// Reads an event; data that is no metrics counts as none.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        createdAt = try values.decode(Int.self, forKey: .createdAt)
        level = try values.decode(String.self, forKey: .level)
        message = try values.decode(String.self, forKey: .message)
        metrics = try? values.decodeIfPresent(Metrics.self, forKey: .metrics)
    }
}
