/// What is to be trained at a provider: files in order, each job from the model of the one before.
public struct FineTuningPlan: Sendable, Equatable {
    /// One stage.
    public struct Stage: Sendable, Equatable {
        /// The training file.
        public var file: String
        /// SHA-256 of the file, hex.
        public var sha256: String
        /// Passes over the file.
        public var epochs: Int

        /// A stage of a training file.
        public init(file: String, sha256: String, epochs: Int) {
            self.file = file
            self.sha256 = sha256
            self.epochs = epochs
        }
    }

    /// The folder of the files.
    public var folder: String
    /// The model to start from.
    public var model: String
    /// The stages.
    public var stages: [Stage]
    /// A file of held-out rows for the provider's validation.
    public var validation: String?
    /// Part of the models' names; the stage's number is added.
    public var suffix: String
    /// Seed of every job.
    public var seed: Int
    /// Rows of a step; nil lets the provider choose.
    public var batch: Int?
    /// Factor of the provider's learning rate; nil lets the provider choose.
    public var rateMultiplier: Double?

    /// A plan with the provider's own batch and rate.
    public init(folder: String, model: String, stages: [Stage], suffix: String, seed: Int) {
        self.folder = folder
        self.model = model
        self.stages = stages
        self.suffix = suffix
        self.seed = seed
    }
}
