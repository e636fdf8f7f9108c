public import Engine
import Foundation
import Tuning

/// Trains a base model from nothing by a recipe, in a run folder that it can go on from after any interruption.
public struct BaseRun {
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

    private let recipe: BaseRecipe
    private let corpus: BaseCorpus
    private let heldOut: [PackedSequence]
    private let model: ModelConfig
    private let folder: String
    private let threads: Int

    private static let examinationInterval = 200
    private static let checkpointInterval = 100

    /// Prepares a run in `folder`; `heldOut` rows are examined, never trained on.
    public init(
        recipe: BaseRecipe, model: ModelConfig, corpus: BaseCorpus, heldOut: [TaskRow], folder: String, threads: Int
    ) throws(InternalizationError) {
        self.recipe = recipe
        self.corpus = corpus
        self.heldOut = try corpus.examination(heldOut)
        self.model = model
        self.folder = folder
        self.threads = threads
    }

    /// Trains what is left to train and returns the weights.
    ///
    /// The rate's plateau does not depend on the number of steps: a run whose recipe got more steps goes on.
    public func run(progress: (Progress) -> Void) throws -> ModelWeights {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let options = AdamW.Options(beta1: 0.9, beta2: 0.98, weightDecay: recipe.weightDecay, maximumNorm: 1)
        let trainer = Trainer(
            weights: .random(model, seed: recipe.seed), trainable: .allWeights, options: options, threads: threads)
        if let checkpoint = TrainingCheckpoint.latest(folder: folder, options: options) {
            guard checkpoint.values.count == trainer.values.count else {
                throw InternalizationError.run(folder: folder, reason: "holds checkpoints of a model of another shape")
            }
            trainer.restore(values: checkpoint.values, optimizer: checkpoint.optimizer)
        }
        let schedule = RateSchedule(
            peak: recipe.rate, warmUpSteps: recipe.warmUpSteps, totalSteps: recipe.steps,
            decaySteps: recipe.decaySteps, finalShare: 0.02)
        var interval = Interval()
        while trainer.optimizer.step < recipe.steps {
            let step = trainer.optimizer.step
            let batch = try corpus.batch(step: step, threads: threads)
            let result = trainer.step(batch, rate: schedule.rate(at: step))
            guard result.loss.isFinite, trainer.optimizer.step == step + 1 else {
                throw InternalizationError.setting(
                    "the loss is not a number at step \(step + 1); lower the recipe's rate (\(recipe.rate))")
            }
            interval.add(result)
            if (step + 1) % Self.checkpointInterval == 0 || step + 1 == recipe.steps {
                try TrainingCheckpoint(values: trainer.values, optimizer: trainer.optimizer, position: [:])
                    .save(folder: folder, number: step + 1)
            }
            if (step + 1) % Self.examinationInterval == 0 || step + 1 == recipe.steps {
                progress(report(trainer, interval))
                interval = Interval()
            }
        }
        return trainer.weights
    }

    private func report(_ trainer: Trainer, _ interval: Interval) -> Progress {
        let rate = interval.tokensPerSecond
        let (loss, exact) = trainer.evaluate(heldOut)
        let flags = exact.flatMap { $0 }
        return Progress(
            step: trainer.optimizer.step, steps: recipe.steps, loss: interval.loss, heldOutLoss: loss,
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
