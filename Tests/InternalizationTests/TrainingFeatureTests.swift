import Engine
import Foundation
import TestSupport
import Testing
import Tokenization

@testable import Internalization
@testable import Tuning

@Suite("What training can do beyond stages")
struct TrainingFeatureTests {
    private func recipe(epochs: Int = 6) -> Recipe {
        var recipe = Recipe()
        recipe.examples = 2
        recipe.epochs = epochs
        recipe.rank = 4
        recipe.alpha = 8
        recipe.rate = 5e-3
        recipe.stages = 3
        recipe.evaluationInterval = 5
        return recipe
    }

    @Test("micro-batches give the same steps, but for rounding")
    func accumulation() throws {
        let task = try SmallTask()
        let folder = try TinyModelFolder()
        var losses: [[Double]] = []
        for accumulation in [1, 4] {
            var own = recipe(epochs: 1)
            own.accumulation = accumulation
            var found: [Double] = []
            _ = try task.run(own, runs: folder.path).run { found.append($0.loss) }
            losses.append(found)
        }
        #expect(losses[0].count == 6)
        #expect(zip(losses[0], losses[1]).allSatisfy { abs($0 - $1) < 2e-3 }, "\(losses)")
    }

    @Test("query-only rows are mixed in by the shares asked for, and smoothing only ever looks ahead")
    func rowStages() throws {
        var own = Recipe()
        own.batch = 400
        own.queryOnlyMix = [0.1, 1]
        let mixed = try TrainingPlan(recipe: own, rows: 1_000)
        for (stage, share) in [0.1, 0.4, 0.7].enumerated() {
            let found = (0..<10).flatMap { mixed.rowStages(stage: stage, step: $0) }
            let last = Double(found.count { $0 == 3 }) / Double(found.count)
            #expect(abs(last - share) < 0.04, "\(stage): \(last)")
            #expect(found.allSatisfy { $0 == stage || $0 == 3 })
        }
        #expect(mixed.rowStages(stage: 3, step: 0).allSatisfy { $0 == 3 })
        own.queryOnlyMix = nil
        own.removalSmoothing = 1
        let smooth = try TrainingPlan(recipe: own, rows: 1_000)
        let found = (0..<10).flatMap { smooth.rowStages(stage: 1, step: $0) }
        let later = Double(found.count { $0 > 1 }) / Double(found.count)
        #expect(abs(later - exp(-1)) < 0.04 && found.allSatisfy { $0 >= 1 }, "\(later)")
        own.arm = .queryOnly
        #expect(try TrainingPlan(recipe: own, rows: 1_000).rowStages(stage: 0, step: 0).allSatisfy { $0 == 0 })
    }

    @Test("an adaptive run leaves a stage early, keeps its number of steps, and resumes bit for bit")
    func adaptive() throws {
        let task = try SmallTask()
        let folder = try TinyModelFolder()
        var own = recipe(epochs: 24)
        own.rate = 5e-2
        own.adaptivePatience = 1
        own.queryOnlyMix = [0.1, 1]
        own.removalSmoothing = 4
        let planned = try task.run(own, runs: folder.path).stageSteps
        let whole = try task.run(own, runs: folder.path + "/whole")
        var notes = 0
        whole.onNote = { _ in notes += 1 }
        let (adapter, stages) = try whole.run { _ in }
        #expect(stages.reduce(0) { $0 + $1.steps } == planned.reduce(0, +))
        #expect(notes > 0 && stages[2].steps > planned[2])
        do {
            try task.run(own, runs: folder.path + "/again").runUntil(step: 70)
        } catch is StopRequest {}
        let (resumed, records) = try task.run(own, runs: folder.path + "/again").run { _ in }
        #expect(resumed.values == adapter.values)
        #expect(records == stages)
        let history = folder.path + "/again/" + (whole.folder.split(separator: "/").last ?? "")
        let lines = try String(contentsOfFile: history + "/history.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(lines.count == planned.reduce(0, +))
        #expect(try String(contentsOfFile: history + "/loss.svg", encoding: .utf8).contains("<polyline"))
    }

    @Test("distillation needs a trained teacher, listens to it only where it is better, and changes the result")
    func distillation() throws {
        let task = try SmallTask()
        let folder = try TinyModelFolder()
        var own = recipe()
        own.distillation = .init(weight: 0.5, top: 8)
        let student = try task.run(own, runs: folder.path)
        #expect(throws: InternalizationError.self) { try student.run { _ in } }
        _ = try task.run(own.control(.fullPrompt), runs: folder.path).run { _ in }
        var notes: [String] = []
        student.onNote = { notes.append($0) }
        let (distilled, _) = try student.run { _ in }
        #expect(notes.count == 3 && notes[0].contains("distilling"), "\(notes)")
        own.distillation = nil
        let (plain, _) = try task.run(own, runs: folder.path).run { _ in }
        #expect(distilled.values != plain.values)
    }

    @Test("the teacher of a recipe has one name, whatever shortens the student's template")
    func teacherName() throws {
        let compressor = RuleCompressor(forced: ["Branches"])
        let student = try recipe().naming(compressor)
        let teachers = [student.control(.fullPrompt), recipe().control(.fullPrompt)]
        #expect(Set(try teachers.map { try $0.naming(compressor).runName(inputs: []) }).count == 1)
    }

    @Test("an on-policy stage needs a teacher, comes last, keeps the number of steps, and resumes bit for bit")
    func onPolicy() throws {
        let task = try SmallTask()
        let folder = try TinyModelFolder()
        var own = recipe(epochs: 4)
        let plain = try task.run(own, runs: folder.path).stageSteps
        own.onPolicy = .init(steps: 100, rate: 5e-3)
        let half = plain[2] / 2
        #expect(try task.run(own, runs: folder.path).stageSteps == [plain[0], plain[1], plain[2] - half, half])
        own.onPolicy?.steps = 5
        let student = try task.run(own, runs: folder.path)
        #expect(student.stageSteps == [plain[0], plain[1], plain[2] - 5, 5])
        #expect(throws: InternalizationError.self) { try student.run { _ in } }
        // A teacher that was trained longer than the student is better than it.
        var longer = own.control(.fullPrompt)
        let teacher = try task.run(longer, runs: folder.path)
        longer.epochs = 16
        let trained = try task.run(longer, runs: folder.path + "/longer")
        _ = try trained.run { _ in }
        try FileManager.default.createDirectory(atPath: teacher.folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: trained.folder + "/stage-2", toPath: teacher.folder + "/stage-2")
        var notes: [String] = []
        student.onNote = { notes.append($0) }
        let (adapter, stages) = try student.run { _ in }
        #expect(notes.count == 1 && notes[0].contains("own answers"), "\(notes)")
        #expect(stages.map(\.stage.isOnPolicy) == [false, false, false, true])
        let before = try LoRAAdapter.load(folder: student.folder + "/stage-2", model: task.base.config)
        #expect(adapter.values != before.values)

        let again = folder.path + "/again"
        try FileManager.default.createDirectory(atPath: again, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: teacher.folder, toPath: try task.run(own.control(.fullPrompt), runs: again).folder)
        let last = plain.reduce(0, +)
        do { try task.run(own, runs: again).runUntil(step: last - 2) } catch is StopRequest {}
        #expect(try task.run(own, runs: again).run { _ in }.adapter.values == adapter.values)
    }

    @Test("steps on its own answers bring the student nearer to the teacher")
    func nearer() throws {
        let task = try SmallTask()
        let whole = try task.rows.prefix(16).map { try task.encoder.encode($0, examples: [], literals: nil) }
        let bare = try task.rows.prefix(16).map {
            try task.encoder.encode($0, examples: [], literals: task.encoder.schema.emptiedLiterals)
        }
        var other = LoRAAdapter.initial(config: .init(rank: 4, alpha: 8), model: task.base.config, seed: 5)
        let student = Trainer(weights: task.base, trainable: .adapter(other), options: AdamW.Options())
        for index in other.values.indices { other.values[index] += Float(index % 11 - 5) * 0.02 }
        let batches = OnPolicyBatches(
            base: try DecoderModel(weights: task.base),
            teacher: Trainer(weights: task.base, trainable: .adapter(other), options: AdamW.Options()), whole: whole,
            bare: bare, endTokens: task.encoder.template.stopTokens, threads: 2)
        func batch(_ seed: UInt64) throws -> [PackedSequence] {
            guard case .adapter(let adapter) = student.trainable else { return [] }
            return try batches.batch(rows: Array(0..<16), student: adapter, seed: seed, pieces: 2)
        }
        #expect(try batch(1) == batch(1) && batch(1) != batch(2))
        let before = student.loss(try batch(100))
        for step in 1...30 { _ = student.step(try batch(UInt64(step)), rate: 5e-3) }
        let after = student.loss(try batch(100))
        #expect(before > 0 && after < 0.7 * before, "\(before) \(after)")
    }

    @Test("an early stop ends the last stage with the best adapter")
    func earlyStop() throws {
        let task = try SmallTask()
        let folder = try TinyModelFolder()
        var own = recipe(epochs: 40).control(.queryOnly)
        own.rate = 5e-2
        own.patience = 2
        let run = try task.run(own, runs: folder.path)
        let planned = run.stageSteps
        let (_, stages) = try run.run { _ in }
        #expect(stages[2].steps < planned[2])
        #expect(FileManager.default.fileExists(atPath: run.folder + "/best/adapter_model.safetensors"))
    }

    @Test("settings that cannot work are refused by their names")
    func refused() {
        var broken: [Recipe] = []
        func add(_ change: (inout Recipe) -> Void) {
            var own = Recipe()
            change(&own)
            broken.append(own)
        }
        add { $0.batch = 0 }
        add { $0.queryOnlyMix = [0.5] }
        add { $0.queryOnlyMix = [0.5, 2] }
        add { $0.removalSmoothing = -1 }
        add { $0.distillation = .init(weight: 2) }
        add { $0.onPolicy = .init(steps: 0) }
        add { $0.onPolicy = .init(rate: 0) }
        add { $0.retrieval.bankRatio = 0 }
        add { $0.list = [Stage(templateRate: 1, exampleCount: 2)] }
        add { $0.list = [Stage(templateRate: 1, exampleCount: 2), Stage(templateRate: 0.5, exampleCount: 0)] }
        add { $0.list = [Stage(templateRate: 0.9, exampleCount: 2), Stage(templateRate: 0, exampleCount: 0)] }
        for recipe in broken { #expect(throws: InternalizationError.self) { try recipe.validate() } }
    }

    @Test("a run keeps its name when settings that came later have their usual values, and changes it otherwise")
    func names() {
        var own = Recipe()
        let name = own.runName(inputs: ["a"])
        #expect(name == Recipe().runName(inputs: ["a"]) && name != own.runName(inputs: ["b"]))
        own.clip = 2
        #expect(own.runName(inputs: ["a"]) != name)
        own = Recipe()
        own.onPolicy = .init()
        #expect(own.runName(inputs: ["a"]) != name)
        own = Recipe()
        own.distillation = .init()
        #expect(own.runName(inputs: ["a"]) != name)
    }

    @Test("a teacher's loss is a mixture of cross-entropy and divergence; its gradient is the slope of it")
    func teacherGradient() throws {
        let task = try SmallTask()
        let examples = try task.rows.prefix(2).map { try task.encoder.encode($0, examples: [], literals: nil) }
        let adapter = LoRAAdapter.initial(config: .init(rank: 2, alpha: 4), model: task.base.config, seed: 5)
        let trainer = Trainer(weights: task.base, trainable: .adapter(adapter), options: AdamW.Options(), threads: 1)
        let teachers = examples.map { example in
            example.answer.map { TokenDistribution(tokens: [$0, 3, 9], probabilities: [0.5, 0.3, 0.2]) }
        }
        var packed = PackedSequence(packing: examples, teachers: teachers)
        packed.teacherShare = 0.7
        let gradients = trainer.gradients([packed])
        // A of the low-rank pair has no gradient while B is zero: look at the largest one.
        let index = try #require(gradients.indices.max { abs(gradients[$0]) < abs(gradients[$1]) })
        func loss(_ change: Float) -> Double {
            var values = trainer.values
            values[index] += change
            let other = Trainer(
                weights: task.base, trainable: .adapter(adapter), options: AdamW.Options(), threads: 1)
            other.restore(values: values, optimizer: other.optimizer)
            return other.loss([packed])
        }
        let slope = (loss(1e-2) - loss(-1e-2)) / 2e-2
        #expect(abs(slope - Double(gradients[index])) < 0.02 * abs(slope) + 1e-4, "\(slope) \(gradients[index])")
        // Against its own distribution a model diverges by nothing but what the cut left out.
        let own = trainer.distributions([PackedSequence(packing: examples)], top: 512)[0]
        var mirror = PackedSequence(packing: examples, teachers: own)
        mirror.teacherShare = 1
        #expect(abs(trainer.loss([mirror])) < 1e-4)
    }

    @Test("dropout leaves out about its share, and the gradient is the slope of the loss with the same inputs left out")
    func dropout() throws {
        let ones = Dropout(rate: 0.25, seed: 3).masked([Float](repeating: 1, count: 20_001), count: 20_001, place: 4)
        let kept = ones.count { $0 != 0 }
        #expect(abs(Double(kept) / 20_001 - 0.75) < 0.01)
        #expect(abs(ones.reduce(0, +) / 20_001 - 1) < 0.02)
        let task = try SmallTask()
        let examples = try task.rows.prefix(2).map { try task.encoder.encode($0, examples: [], literals: nil) }
        var adapter = LoRAAdapter.initial(config: .init(rank: 2, alpha: 4), model: task.base.config, seed: 5)
        for index in adapter.values.indices where adapter.values[index] == 0 {
            adapter.values[index] = Float(index % 7 - 3) * 0.02
        }
        let packed = [PackedSequence(packing: examples)]
        let dropout = Dropout(rate: 0.3, seed: 9)
        let trainer = Trainer(weights: task.base, trainable: .adapter(adapter), options: AdamW.Options(), threads: 1)
        let gradients = trainer.gradients(packed, dropout: dropout)
        #expect(gradients != trainer.gradients(packed))
        for index in gradients.indices.sorted(by: { abs(gradients[$0]) > abs(gradients[$1]) }).prefix(4) {
            func loss(_ change: Float) -> Double {
                var values = adapter.values
                values[index] += change
                trainer.restore(values: values, optimizer: trainer.optimizer)
                return trainer.loss(packed, dropout: dropout)
            }
            let slope = (loss(5e-3) - loss(-5e-3)) / 1e-2
            #expect(abs(slope - Double(gradients[index])) < 0.03 * abs(slope) + 1e-4, "\(slope) \(gradients[index])")
        }
    }
}
