extension InternalizationRun {
    /// What a progress display shows after a step.
    public struct Progress: Sendable {
        /// Stage, counted from 0.
        public let stage: Int
        /// Number of stages.
        public let stages: Int
        /// Step over all stages, counted from 1.
        public let step: Int
        /// Optimizer steps in all.
        public let steps: Int
        /// Mean loss of the answer's tokens, in nats.
        public let loss: Double
        /// Query-only loss on the dev rows, where it was computed after this step.
        public let devLoss: Double?
        /// Tokens computed in this step.
        public let tokens: Int
    }

    /// What a stage was trained on, for the report.
    public struct StageRecord: Sendable, Codable, Equatable {
        /// Stage, with the template rate that was asked for.
        public let stage: Stage
        /// The rate that the compressor reached.
        public let actualRate: Double
        /// Mean tokens of a prompt.
        public let meanPromptTokens: Double
        /// Optimizer steps.
        public let steps: Int
        /// Mean loss of the last twenty steps, in nats.
        public let loss: Double
        /// SHA-256 of the stage's corpus.
        public let corpus: String
    }
}
