public import Engine
import Foundation
import PromptSchema
import Tokenization
import Tuning

/// Trains one arm of a task, stage by stage, in a run folder that it can go on from after any interruption.
///
/// A run folder holds `recipe.json`, the newest checkpoints, one adapter folder a stage, and `stages.json` with what
/// each stage was trained on. The same inputs give the same adapter bit for bit, interrupted or not.
public final class InternalizationRun {
    /// What a progress display shows after a step.
    public struct Progress: Sendable {
        /// Stage, counted from 0, and number of stages.
        public let stage: Int
        /// Number of stages.
        public let stages: Int
        /// Step over all stages, counted from 1, and steps in all.
        public let step: Int
        /// Optimizer steps in all.
        public let steps: Int
        /// Mean loss of the answer's tokens, in nats.
        public let loss: Double
        /// Tokens computed in this step.
        public let tokens: Int
    }

    /// What a stage was trained on, for the report.
    public struct StageRecord: Sendable, Codable {
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

    /// The recipe.
    public let recipe: Recipe
    /// The run folder.
    public let folder: String
    private let base: ModelWeights
    private let rows: [TaskRow]
    private let encoder: PromptEncoder
    private let compressor: any TemplateCompressor
    private let retriever: ExampleRetriever
    private let threads: Int
    private var plan: TrainingPlan

    private static let checkpointInterval = 50

    /// Prepares a run below `runs`; the folder's name is a hash of the recipe and of every input.
    public init(
        recipe: Recipe, base: ModelWeights, rows: [TaskRow], encoder: PromptEncoder,
        compressor: any TemplateCompressor, runs: String, inputs: [String], threads: Int = 2
    ) throws(InternalizationError) {
        plan = try TrainingPlan(recipe: recipe, rows: rows.count)
        self.recipe = recipe
        self.base = base
        self.rows = rows
        self.encoder = encoder
        self.compressor = compressor
        self.threads = threads
        retriever = ExampleRetriever(bank: rows)
        let digest = TaskRows.digest(rows)
        folder =
            runs + "/"
            + recipe.runName(inputs: inputs + [digest, encoder.schema.fingerprint, encoder.tokenizer.fingerprint])
    }

    /// Optimizer steps of each stage.
    public var stageSteps: [Int] { plan.stageSteps }

    /// Trains what is left to train, and returns the adapter of the last stage.
    public func run(progress: (Progress) throws -> Void) throws -> (adapter: LoRAAdapter, stages: [StageRecord]) {
        let stages = plan.stages
        try prepareFolder()
        let trainer = Trainer(
            weights: base,
            trainable: .adapter(.initial(config: recipe.adapter, model: base.config, seed: recipe.seed)),
            options: AdamW.Options(), threads: threads)
        var state = RunState()
        if let checkpoint = TrainingCheckpoint.latest(folder: folder, options: trainer.optimizer.options) {
            trainer.restore(values: checkpoint.values, optimizer: checkpoint.optimizer)
            state = RunState(checkpoint.position)
        }
        while state.stage < stages.count {
            try train(stages, trainer, &state, progress)
            try finishStage(trainer, &state)
        }
        return (try adapter(of: trainer), state.records)
    }

    private func train(
        _ stages: [Stage], _ trainer: Trainer, _ state: inout RunState, _ progress: (Progress) throws -> Void
    ) throws {
        let stage = stages[state.stage]
        let corpus = try StageCorpus(
            stage: stage, rows: rows, encoder: encoder, compressor: compressor, retriever: retriever)
        let steps = stageSteps
        let before = plan.steps(before: state.stage)
        while state.step < steps[state.stage] {
            let overall = before + state.step
            let batch = batch(corpus, rows: plan.rows(step: overall))
            let result = trainer.step(batch, rate: plan.rate(stage: state.stage, step: state.step))
            guard result.loss.isFinite else {
                throw InternalizationError.setting(
                    "the loss is not a number at step \(overall + 1); lower the learning rate (\(recipe.rate))")
            }
            state.step += 1
            state.losses = state.losses.suffix(19) + [result.loss]
            try progress(
                Progress(
                    stage: state.stage, stages: stages.count, step: overall + 1, steps: steps.reduce(0, +),
                    loss: result.loss, tokens: result.tokens))
            if state.step % Self.checkpointInterval == 0 { try save(trainer, state) }
        }
        state.records.append(
            StageRecord(
                stage: stage, actualRate: corpus.template.actualRate, meanPromptTokens: corpus.meanPromptTokens,
                steps: steps[state.stage], loss: state.losses.reduce(0, +) / Double(max(1, state.losses.count)),
                corpus: corpus.digest))
    }

    /// The rows of a step, split over the threads.
    private func batch(_ corpus: StageCorpus, rows: [Int]) -> [PackedSequence] {
        let chosen = rows.map { corpus.examples[$0] }
        let share = (chosen.count + threads - 1) / threads
        return stride(from: 0, to: chosen.count, by: share).map { start in
            PackedSequence(packing: Array(chosen[start..<min(start + share, chosen.count)]))
        }
    }

    private func finishStage(_ trainer: Trainer, _ state: inout RunState) throws {
        try adapter(of: trainer).save(
            folder: folder + "/stage-\(state.stage)", precision: .float32, baseModelName: "base")
        state.stage += 1
        state.step = 0
        if recipe.resetsOptimizer {
            var fresh = trainer.optimizer
            fresh.reset()
            trainer.restore(values: trainer.values, optimizer: fresh)
        }
        try save(trainer, state)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(state.records).write(to: URL(fileURLWithPath: folder + "/stages.json"), options: .atomic)
    }

    private func save(_ trainer: Trainer, _ state: RunState) throws {
        try TrainingCheckpoint(values: trainer.values, optimizer: trainer.optimizer, position: state.position)
            .save(folder: folder, number: stageSteps[..<state.stage].reduce(0, +) + state.step)
    }

    private func adapter(of trainer: Trainer) throws -> LoRAAdapter {
        guard case .adapter(let adapter) = trainer.trainable else {
            throw InternalizationError.run(folder: folder, reason: "holds no adapter")
        }
        return adapter
    }

    private func prepareFolder() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(recipe).write(to: URL(fileURLWithPath: folder + "/recipe.json"), options: .atomic)
    }
}

/// Where a run stands, as its checkpoints keep it.
private struct RunState {
    var stage = 0
    var step = 0
    var losses: [Double] = []
    var records: [InternalizationRun.StageRecord] = []

    init() {}

    init(_ position: [String: String]) {
        stage = position["stage"].flatMap { Int($0) } ?? 0
        step = position["step"].flatMap { Int($0) } ?? 0
        losses = decode([Double].self, position["losses"]) ?? []
        records = decode([InternalizationRun.StageRecord].self, position["records"]) ?? []
    }

    var position: [String: String] {
        [
            "stage": String(stage), "step": String(step), "losses": encode(losses), "records": encode(records),
        ]
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String?) -> Value? {
        text.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }

    private func encode(_ value: some Encodable) -> String {
        (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
