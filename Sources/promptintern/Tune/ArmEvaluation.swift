import Backends
import Engine
import Foundation
import Internalization
import PromptSchema

/// Evaluates arms of one task folder on the same items: finds or trains each arm's adapter, for every seed.
struct ArmEvaluation {
    let folder: TaskFolder
    let inputs: TrainingInputs
    let items: [EvaluationItem]
    let metrics: [any AnswerMetric]
    let timed: Int
    let scored: Int
    let trains: Bool
    let seeds: [UInt64]

    private func evaluator() throws -> Evaluator {
        Evaluator(
            encoder: folder.encoder, bank: inputs.rows, retriever: inputs.retriever,
            maximumAnswer: folder.recipe.evaluation.maximumAnswer,
            form: try folder.schema.answer.form?.constraint(folder.encoder.tokenizer),
            beams: folder.schema.answer.beams,
            threads: folder.threads)
    }

    /// The arm's figures, means over the seeds.
    func result(_ arm: EvaluationArm) throws -> ArmResult {
        let evaluator = try evaluator()
        if arm.test == .nearestNeighbour {
            return evaluator.nearestNeighbour(arm: arm.rawValue, meaning: arm.meaning, items: items, metrics: metrics)
        }
        let prompt = try prompt(of: arm)
        guard arm.training(folder.recipe.training) != nil else {
            let base = try DecoderModel(weights: folder.base)
            return try evaluate(evaluator, arm, base, prompt, isFirst: true)
        }
        let results = try seeds.enumerated().map { index, seed -> (seed: UInt64, result: ArmResult) in
            let model = try DecoderModel(weights: folder.base).merging(try adapter(arm, seed: seed))
            return (seed, try evaluate(evaluator, arm, model, prompt, isFirst: index == 0))
        }
        return ArmResult.mean(of: results)
    }

    /// The progressive arm as a stage left it, counted from 1, tested with that stage's prompts; the last one if nil.
    func stage(
        _ number: Int?
    ) throws -> (adapter: LoRAAdapter, result: ArmResult, promoted: PromotedManifest.PromotedStage) {
        guard let recipe = EvaluationArm.C.training(folder.recipe.training).map({ seeded($0, seeds[0]) }) else {
            throw InternalizationError.setting("the progressive arm has no training")
        }
        let stages = try recipe.resolvedStages()
        let index = (number ?? stages.count) - 1
        guard stages.indices.contains(index) else {
            throw InternalizationError.setting("--stage: \(index + 1) is not from 1 to \(stages.count)")
        }
        let isLast = index == stages.count - 1
        let adapter = try folder.adapter(
            of: folder.run(recipe, inputs: inputs), stage: isLast ? nil : index)
        let template = try inputs.compressor.compress(
            folder.schema, rate: stages[index].templateRate, countTokens: folder.encoder.count)
        let promoted = try PromotedManifest.PromotedStage(stages[index], template: template)
        let result = try evaluator().evaluate(
            arm: EvaluationArm.C.rawValue,
            meaning: isLast
                ? EvaluationArm.C.meaning : "tuned in stages, tested with the prompts of stage \(index + 1)",
            model: try DecoderModel(weights: folder.base).merging(adapter), items: items,
            prompt: .shortened(literals: template.literals, examples: stages[index].exampleCount), metrics: metrics)
        return (adapter, result, promoted)
    }

    /// How the progressive arm's stages were trained, for the report; empty if it is not among the trained ones.
    func stages() throws -> [InternalizationRun.StageRecord] {
        guard let recipe = EvaluationArm.C.training(folder.recipe.training) else { return [] }
        let path = try folder.run(seeded(recipe, seeds[0]), inputs: inputs).folder + "/stages.json"
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return (try? JSONDecoder().decode([InternalizationRun.StageRecord].self, from: data)) ?? []
    }

    /// What base and tuned arms know of another task with the same base model, asked with its full prompt.
    func forgetting(_ arms: [EvaluationArm], other: TaskFolder) throws -> [EvaluationReport.Forgetting] {
        let bank = try other.rows("train")
        let evaluator = Evaluator(encoder: other.encoder, bank: bank, threads: folder.threads)
        let items = EvaluationItem.items(try other.rows("test"), unit: .row)
        let prompt = Evaluator.Prompt.full(examples: folder.recipe.training.resolvedExamples)
        let base = try DecoderModel(weights: folder.base)
        func row(_ name: String, _ model: DecoderModel) throws -> EvaluationReport.Forgetting {
            let result = try evaluator.evaluate(
                arm: name, meaning: "", model: model, items: items, prompt: prompt, metrics: metrics)
            return EvaluationReport.Forgetting(task: other.path, arm: name, percent: result.primary, n: result.n)
        }
        var rows = [try row("base", base)]
        for arm in arms where [.B1, .B3, .C].contains(arm) {
            rows.append(try row(arm.rawValue, try base.merging(try adapter(arm, seed: seeds[0]))))
        }
        return rows
    }

    private func evaluate(
        _ evaluator: Evaluator, _ arm: EvaluationArm, _ model: DecoderModel, _ prompt: Evaluator.Prompt, isFirst: Bool
    ) throws -> ArmResult {
        var result = try evaluator.evaluate(
            arm: arm.rawValue, meaning: arm.meaning, model: model, items: items, prompt: prompt, metrics: metrics,
            timed: isFirst ? timed : 0)
        if scored > 0 {
            result.perplexity = try evaluator.perplexity(
                model: model, items: Array(items.prefix(scored)), prompt: prompt)
        }
        return result
    }

    private func prompt(of arm: EvaluationArm) throws -> Evaluator.Prompt {
        let recipe = folder.recipe.training
        switch arm.test {
        case .fullPrompt: return .full(examples: recipe.resolvedExamples)
        case .compressed:
            let stage = try recipe.control(.compressed).resolvedStages()[0]
            let template = try inputs.compressor.compress(
                folder.schema, rate: stage.templateRate, countTokens: folder.encoder.count)
            return .shortened(literals: template.literals, examples: stage.exampleCount)
        case .queryOnly, .nearestNeighbour: return .queryOnly
        }
    }

    private func adapter(_ arm: EvaluationArm, seed: UInt64) throws -> LoRAAdapter {
        guard let recipe = arm.training(folder.recipe.training) else {
            throw InternalizationError.setting("arm \(arm.rawValue) has no adapter")
        }
        let own = seeded(recipe, seed)
        let run = try folder.run(own, inputs: inputs)
        if trains {
            if own.distillation != nil || own.onPolicy != nil, own.arm.isRemoval {
                _ = try train(own.control(.fullPrompt), label: "teacher, seed \(seed)")
            }
            _ = try train(own, label: "\(arm.rawValue), seed \(seed)")
        }
        return try folder.adapter(of: run)
    }

    private func train(_ recipe: Recipe, label: String) throws -> [InternalizationRun.StageRecord] {
        try TrainingDisplay(label: label).run(try folder.run(recipe, inputs: inputs))
    }

    private func seeded(_ recipe: Recipe, _ seed: UInt64) -> Recipe {
        var own = recipe
        own.seed = seed
        return own
    }
}
