public import Engine
import Foundation
public import Tuning

/// Trains a base model from nothing, in a run folder that it can go on from after any interruption.
public struct BaseRun {
    /// How the weights are found, besides what they are trained on.
    public struct Plan: Sendable {
        /// Seed of the weights.
        public var seed: UInt64
        /// Optimizer steps.
        public var steps: Int
        /// The learning rate over the steps.
        public var schedule: RateSchedule
        /// AdamW's weight decay.
        public var weightDecay: Float
        /// Steps between two examinations.
        public var examinationInterval = 200

        /// A plan that is examined every 200 steps.
        public init(seed: UInt64, steps: Int, schedule: RateSchedule, weightDecay: Float) {
            self.seed = seed
            self.steps = steps
            self.schedule = schedule
            self.weightDecay = weightDecay
        }
    }

    /// What a progress display shows.
    public struct Progress: Sendable {
        /// Steps done, and steps in all.
        public let step: Int
        /// Steps in all.
        public let steps: Int
        /// Mean loss of a weighted token since the last report, in nats.
        public let loss: Double
        /// Mean loss of an answer's token on the rows held out, in nats.
        public let heldOutLoss: Double
        /// Share of held-out answers that greedy decoding gets right to the byte, 0...1.
        public let heldOutExact: Double
        /// Tokens computed a second since the last report, examinations left out.
        public let tokensPerSecond: Double
    }

    private let plan: Plan
    private let source: any BaseSource
    private let model: ModelConfig
    private let folder: String
    private let threads: Int

    private static let checkpointInterval = 100

    /// Prepares a run in `folder`.
    public init(plan: Plan, model: ModelConfig, source: any BaseSource, folder: String, threads: Int) {
        self.plan = plan
        self.source = source
        self.model = model
        self.folder = folder
        self.threads = threads
    }

    /// Trains what is left to train and returns the weights.
    ///
    /// Where the rate's plateau does not depend on the number of steps, a run whose plan got more steps goes on.
    public func run(progress: (Progress) -> Void) throws -> ModelWeights {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let options = AdamW.Options(beta1: 0.9, beta2: 0.98, weightDecay: plan.weightDecay, maximumNorm: 1)
        let trainer = Trainer(
            weights: .random(model, seed: plan.seed), trainable: .allWeights, options: options, threads: threads)
        if let checkpoint = TrainingCheckpoint.latest(folder: folder, options: options) {
            guard checkpoint.values.count == trainer.values.count else {
                throw InternalizationError.run(folder: folder, reason: "holds checkpoints of a model of another shape")
            }
            trainer.restore(values: checkpoint.values, optimizer: checkpoint.optimizer)
        }
        var interval = Interval()
        while trainer.optimizer.step < plan.steps {
            let step = trainer.optimizer.step
            let batch = try source.batch(step: step, threads: threads)
            let result = trainer.step(batch, rate: plan.schedule.rate(at: step))
            guard result.loss.isFinite, trainer.optimizer.step == step + 1 else {
                throw InternalizationError.setting(
                    "the loss is not a number at step \(step + 1); lower the recipe's rate")
            }
            interval.add(result)
            if (step + 1) % Self.checkpointInterval == 0 || step + 1 == plan.steps {
                try TrainingCheckpoint(values: trainer.values, optimizer: trainer.optimizer, position: [:])
                    .save(folder: folder, number: step + 1)
            }
            if (step + 1) % plan.examinationInterval == 0 || step + 1 == plan.steps {
                progress(try report(trainer, interval))
                interval = Interval()
            }
        }
        return trainer.weights
    }

    private func report(_ trainer: Trainer, _ interval: Interval) throws -> Progress {
        let rate = interval.tokensPerSecond
        let (loss, exact) = trainer.evaluate(try source.examination(after: trainer.optimizer.step))
        let flags = exact.flatMap { $0 }
        return Progress(
            step: trainer.optimizer.step, steps: plan.steps, loss: interval.loss, heldOutLoss: loss,
            heldOutExact: Double(flags.filter { $0 }.count) / Double(max(1, flags.count)), tokensPerSecond: rate)
    }

    /// Sums since the last report.
    private struct Interval {
        private var losses = 0.0
        private var steps = 0
        private var tokens = 0
        private let start = ContinuousClock.now

        mutating func add(_ result: Trainer.StepResult) {
            losses += result.loss
            steps += 1
            tokens += result.tokens
        }

        var loss: Double { losses / Double(max(1, steps)) }
        var tokensPerSecond: Double { Double(tokens) / max((ContinuousClock.now - start) / .seconds(1), 1e-3) }
    }
}
