import Engine
import Foundation
import HouseBooks
import Tokenization
import Tuning

/// Trains the demo's base model on random house books, from small books to full prompts.
///
/// Each level of the curriculum starts at a fixed step. A run writes checkpoints into its folder and goes on from the
/// newest one.
struct BaseTraining {
    /// What decides the result, besides the code.
    struct Recipe {
        var model: ModelConfig
        var seed: UInt64
        var steps: Int
        var sequencesPerStep: Int
        var peakRate: Float
        var warmUpSteps: Int
        /// Steps at the end over which the rate falls to a twentieth of the peak.
        var decaySteps: Int
        /// The first step of each level, ascending.
        var curriculum: [(firstStep: Int, level: Int)]
        var threads = 2

        /// The level of a step.
        func level(at step: Int) -> Int {
            curriculum.last { $0.firstStep <= step }?.level ?? 0
        }
    }

    let recipe: Recipe
    let lesson: BaseLesson
    let folder: String
    /// Receives a line of progress now and then.
    let report: (String) -> Void

    private static let optimizer = AdamW.Options(beta1: 0.9, beta2: 0.98, weightDecay: 0.01, maximumNorm: 1)
    private static let segments = 24
    private static let examinationInterval = 100
    private static let checkpointInterval = 100

    /// Runs to the recipe's last step and returns the weights.
    func run() throws -> ModelWeights {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let trainer = Trainer(
            weights: .random(recipe.model, seed: recipe.seed), trainable: .allWeights, options: Self.optimizer,
            threads: recipe.threads)
        if let checkpoint = TrainingCheckpoint.latest(folder: folder, options: Self.optimizer) {
            trainer.restore(values: checkpoint.values, optimizer: checkpoint.optimizer)
            report("resumed at step \(trainer.optimizer.step)")
        }
        let schedule = RateSchedule(
            peak: recipe.peakRate, warmUpSteps: recipe.warmUpSteps, totalSteps: recipe.steps,
            decaySteps: recipe.decaySteps, finalShare: 0.05)
        var clock = ProgressClock()
        while trainer.optimizer.step < recipe.steps {
            let step = trainer.optimizer.step
            let level = recipe.level(at: step)
            let result = trainer.step(try batch(step: step, level: level), rate: schedule.rate(at: step))
            clock.add(tokens: result.tokens)
            if (step + 1) % Self.examinationInterval == 0 {
                let (loss, exact) = try examine(trainer, level: level, step: step)
                report(
                    "step \(step + 1)/\(recipe.steps) level \(level) loss \(rounded(result.loss)) "
                        + "answer loss \(rounded(loss)) exact \(rounded(exact)) \(clock.text)")
            }
            if (step + 1) % Self.checkpointInterval == 0 || step + 1 == recipe.steps {
                try TrainingCheckpoint(
                    values: trainer.values, optimizer: trainer.optimizer, position: [:]
                ).save(folder: folder, number: step + 1)
            }
        }
        return trainer.weights
    }

    /// Mostly the current level; a fifth from the one below, so that it is not forgotten.
    private func batch(step: Int, level: Int) throws -> [PackedSequence] {
        try (0..<recipe.sequencesPerStep).map { index in
            var random = BookRandom(seed: recipe.seed &+ 1 &+ UInt64(step) &* 1_000 &+ UInt64(index))
            let below = random.below(5) == 0
            let chosen = max(recipe.curriculum[0].level, below ? level - 1 : level)
            return try lesson.lesson(level: chosen, segments: Self.segments, random: &random)
        }
    }

    /// Loss and share of exact answers on books that no lesson shows.
    private func examine(_ trainer: Trainer, level: Int, step: Int) throws -> (loss: Double, exact: Double) {
        let examinations = try (0..<4).map { index in
            var random = BookRandom(seed: (1 << 62) &+ UInt64(step) &* 1_000 &+ UInt64(index))
            return try lesson.examination(level: level, segments: Self.segments, random: &random)
        }
        let (loss, exact) = trainer.evaluate(examinations)
        let flags = exact.flatMap { $0 }
        return (loss, Double(flags.filter { $0 }.count) / Double(flags.count))
    }
}

/// Tokens and seconds since the last report.
struct ProgressClock {
    private var tokens = 0
    private var start = ContinuousClock.now

    mutating func add(tokens count: Int) {
        tokens += count
    }

    /// Tokens a second so far.
    var text: String {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return "\(Int(Double(tokens) / max(seconds, 0.001))) tokens/s, \(Int(seconds)) s"
    }
}

/// Four digits behind the point.
func rounded(_ value: Double) -> String {
    String(format: "%.4f", value)
}
