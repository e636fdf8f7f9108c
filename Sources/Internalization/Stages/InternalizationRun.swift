public import Engine
import Foundation
import PromptSchema
import Tokenization
import Tuning

/// Trains one arm of a task, stage by stage, in a run folder that it can go on from after any interruption.
///
/// A run folder holds `recipe.json`, the newest checkpoints, one adapter folder a stage, `stages.json` with what each
/// stage was trained on, `history.jsonl` and `loss.svg`. The same inputs give the same adapter bit for bit, interrupted
/// or not.
public final class InternalizationRun {
    /// The recipe.
    public let recipe: Recipe
    /// The run folder.
    public let folder: String
    /// Says in one line what a run decided on its own: early borders, whether the teacher is listened to.
    public var onNote: (String) -> Void = { _ in }
    private let inputs: TrainingInputs
    private let runs: String
    private let threads: Int
    private var plan: TrainingPlan
    private var corpora: [Int: StageCorpus] = [:]
    private var teacher: TeacherTargets?
    private var onPolicy: OnPolicyBatches?
    private var dev: DevLoss?
    private var history: RunHistory?

    private static let checkpointInterval = 50

    /// Prepares a run below `runs`; the folder's name is a hash of the recipe and of every input.
    public init(
        recipe: Recipe, inputs: TrainingInputs, runs: String, threads: Int = 2
    ) throws(InternalizationError) {
        let recipe = try recipe.naming(inputs.compressor)
        plan = try TrainingPlan(recipe: recipe, rows: inputs.rows.count)
        let looksAtDev = recipe.looksAtDev
        guard !looksAtDev || !inputs.dev.isEmpty else {
            throw .setting(
                "adaptive borders, early stops, distillation and on-policy steps need dev rows (data/dev.jsonl)")
        }
        self.recipe = recipe
        self.inputs = inputs
        self.runs = runs
        self.threads = threads
        folder =
            runs + "/"
            + recipe.runName(
                inputs: inputs.digests + (looksAtDev ? [TaskRows.digest(inputs.dev)] : [])
                    + (plan.stages.contains { $0.exampleCount > 0 } ? [ExampleRetriever.version] : []))
    }

    /// Optimizer steps of each stage.
    public var stageSteps: [Int] { plan.stageSteps }

    /// Trains what is left to train, and returns the adapter of the last stage.
    public func run(progress: (Progress) throws -> Void) throws -> (adapter: LoRAAdapter, stages: [StageRecord]) {
        try prepareFolder()
        let trainer = Trainer(
            weights: inputs.base,
            trainable: .adapter(.initial(config: recipe.adapter, model: inputs.base.config, seed: recipe.seed)),
            options: recipe.optimizer, threads: threads)
        var state = RunState()
        if let checkpoint = TrainingCheckpoint.latest(folder: folder, options: trainer.optimizer.options) {
            trainer.restore(values: checkpoint.values, optimizer: checkpoint.optimizer)
            state = RunState(checkpoint.position)
            plan.resume(stageSteps: state.stageSteps)
        }
        history = RunHistory(folder: folder, through: plan.steps(before: state.stage) + state.step)
        if recipe.looksAtDev {
            dev = try DevLoss(inputs, examples: plan.stages[0].exampleCount)
        }
        while state.stage < plan.stages.count {
            try prepareTeacher(trainer, &state)
            try train(trainer, &state, progress)
            try finishStage(trainer, &state)
        }
        return (try adapter(of: trainer), state.records)
    }

    private func train(
        _ trainer: Trainer, _ state: inout RunState, _ progress: (Progress) throws -> Void
    ) throws {
        let before = plan.steps(before: state.stage)
        while state.step < plan.stageSteps[state.stage] {
            let overall = before + state.step
            let batch =
                if let onPolicy, state.listens ?? false {
                    try onPolicy.batch(
                        rows: plan.rows(step: overall), student: adapter(of: trainer),
                        seed: recipe.seed &* 32_452_843 &+ UInt64(overall), pieces: pieces)
                } else {
                    try batch(stage: state.stage, step: overall, listens: state.listens ?? false)
                }
            let result = trainer.step(
                batch, rate: plan.rate(stage: state.stage, step: state.step), dropout: recipe.dropout,
                seed: recipe.seed &* 15_485_863 &+ UInt64(overall))
            guard result.loss.isFinite else {
                throw InternalizationError.setting(
                    "the loss is not a number at step \(overall + 1); lower the learning rate (\(recipe.rate))")
            }
            state.step += 1
            state.losses = state.losses.suffix(19) + [result.loss]
            let devLoss = try watch(trainer, &state)
            history?.note(
                RunHistory.Point(step: overall + 1, stage: state.stage, loss: result.loss, devLoss: devLoss))
            try progress(
                Progress(
                    stage: state.stage, stages: plan.stages.count, step: overall + 1, steps: plan.steps,
                    loss: result.loss, devLoss: devLoss, tokens: result.tokens))
            if state.step % Self.checkpointInterval == 0 { try save(trainer, state) }
        }
        let corpus = try corpus(state.stage)
        state.records.append(
            StageRecord(
                stage: plan.stages[state.stage], actualRate: corpus.template.actualRate,
                meanPromptTokens: corpus.meanPromptTokens, steps: plan.stageSteps[state.stage],
                loss: state.losses.reduce(0, +) / Double(max(1, state.losses.count)), corpus: corpus.digest))
    }

    /// Looks at the dev rows now and then; ends a stage, or the run, when they get no better.
    private func watch(_ trainer: Trainer, _ state: inout RunState) throws -> Double? {
        let isLast = state.stage == plan.lastLabelled
        let patience =
            plan.stages[state.stage].isOnPolicy
            ? 0 : isLast ? recipe.patience : recipe.arm.isRemoval ? recipe.adaptivePatience : 0
        guard patience > 0, let dev, state.step % recipe.evaluationInterval == 0 else { return nil }
        let loss = recipe.arm == .fullPrompt ? dev.fullPrompt(trainer) : dev.queryOnly(trainer)
        if state.watch.note(loss), isLast {
            try adapter(of: trainer).save(folder: folder + "/best", precision: .float32, baseModelName: "base")
        }
        guard state.watch.misses >= patience, state.step < plan.stageSteps[state.stage] else { return loss }
        onNote("stage \(state.stage + 1) ends after \(state.step) steps: the dev loss got no better")
        if isLast {
            plan.stop(stage: state.stage, after: state.step)
        } else {
            plan.end(stage: state.stage, after: state.step)
        }
        state.stageSteps = plan.stageSteps
        return loss
    }

    /// The rows of a step: those under the same stage's prompts are packed together, in as many pieces as there are
    /// threads and micro-batches.
    private func batch(stage: Int, step: Int, listens: Bool) throws -> [PackedSequence] {
        let rows = plan.rows(step: step)
        let stages = plan.rowStages(stage: stage, step: step)
        return try Set(stages).sorted().flatMap { number -> [PackedSequence] in
            let corpus = try corpus(number)
            let chosen = rows.indices.filter { stages[$0] == number }.map { rows[$0] }
            let share = (chosen.count + pieces - 1) / pieces
            return stride(from: 0, to: chosen.count, by: share).map { start in
                let piece = chosen[start..<min(start + share, chosen.count)]
                var packed = PackedSequence(
                    packing: piece.map { corpus.examples[$0] },
                    teachers: listens ? piece.map { teacher?.rows[$0] ?? [] } : [])
                packed.teacherShare = recipe.distillation?.weight ?? 0
                return packed
            }
        }
    }

    /// Parts of a step's rows that are computed by themselves.
    private var pieces: Int { threads * recipe.accumulation }

    private func corpus(_ stage: Int) throws(InternalizationError) -> StageCorpus {
        if let corpus = corpora[stage] { return corpus }
        let corpus = try StageCorpus(
            stage: plan.stages[stage], rows: inputs.rows, encoder: inputs.encoder, compressor: inputs.compressor,
            retriever: inputs.retriever)
        corpora[stage] = corpus
        return corpus
    }

    /// At the start of a stage: the teacher is listened to if it does better on the dev rows, with the full prompt,
    /// than the student with the query alone.
    private func prepareTeacher(_ trainer: Trainer, _ state: inout RunState) throws {
        let isOnPolicy = plan.stages[state.stage].isOnPolicy
        guard isOnPolicy || recipe.distillation != nil, recipe.arm.isRemoval, let dev else { return }
        let source = try teacherTrainer()
        if isOnPolicy {
            onPolicy = OnPolicyBatches(
                base: try DecoderModel(weights: inputs.base), teacher: source, whole: try fullPrompts(),
                bare: try corpus(state.stage).examples, endTokens: inputs.encoder.template.stopTokens,
                threads: threads)
        } else if let distillation = recipe.distillation, teacher == nil {
            let prompts = try fullPrompts()
            let path = folder + "/teacher.safetensors"
            if let stored = TeacherTargets(path: path, prompts: prompts, top: distillation.top) {
                teacher = stored
            } else {
                let computed = TeacherTargets(teacher: source, prompts: prompts, top: distillation.top)
                try computed.save(to: path)
                teacher = computed
            }
        }
        if state.listens == nil {
            let (bar, own) = (dev.fullPrompt(source), dev.queryOnly(trainer))
            state.listens = bar < own
            onNote(
                "stage \(state.stage + 1): teacher's dev loss \(rounded(bar)), student's \(rounded(own)): "
                    + (bar < own ? isOnPolicy ? "own answers" : "distilling" : "labels only"))
        }
    }

    private func fullPrompts() throws(InternalizationError) -> [EncodedExample] {
        try StageCorpus(
            stage: plan.stages[0], rows: inputs.rows, encoder: inputs.encoder, compressor: inputs.compressor,
            retriever: inputs.retriever
        ).examples
    }

    /// The finished full-prompt run of the same recipe.
    private func teacherTrainer() throws -> Trainer {
        let run = try InternalizationRun(
            recipe: recipe.control(.fullPrompt), inputs: inputs, runs: runs, threads: threads)
        let adapter = run.folder + "/stage-\(run.plan.stages.count - 1)"
        guard FileManager.default.fileExists(atPath: adapter) else {
            throw InternalizationError.run(
                folder: run.folder,
                reason: "the teacher is not trained; run `promptintern tune --arm full-prompt` first")
        }
        return Trainer(
            weights: inputs.base, trainable: .adapter(try LoRAAdapter.load(folder: adapter, model: inputs.base.config)),
            options: recipe.optimizer, threads: threads)
    }

    private func finishStage(_ trainer: Trainer, _ state: inout RunState) throws {
        if state.stage == plan.lastLabelled, recipe.patience > 0, state.watch.best != nil {
            let best = try LoRAAdapter.load(folder: folder + "/best", model: inputs.base.config)
            trainer.restore(values: best.values, optimizer: trainer.optimizer)
        }
        try adapter(of: trainer).save(
            folder: folder + "/stage-\(state.stage)", precision: .float32, baseModelName: "base")
        corpora[state.stage] = nil
        state.stage += 1
        state.step = 0
        state.watch = DevWatch()
        state.listens = nil
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
        try history?.save()
        try TrainingCheckpoint(values: trainer.values, optimizer: trainer.optimizer, position: state.position)
            .save(folder: folder, number: plan.steps(before: state.stage) + state.step)
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

private func rounded(_ value: Double) -> String { String(format: "%.4f", value) }
