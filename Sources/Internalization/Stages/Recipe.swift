public import Engine
import Crypto
import Foundation
public import Tuning

/// Which prompts an arm is trained on.
public enum TrainingArm: String, Sendable, Codable, CaseIterable {
    /// Template and examples shrink to nothing, stage by stage (PromptIntern; "C" in the evaluation).
    case progressive
    /// The full prompt in every stage ("B1": the quality bar; tested query-only it is "B2").
    case fullPrompt = "full-prompt"
    /// The query alone in every stage ("B3": the control).
    case queryOnly = "query-only"
    /// One compressed prompt in every stage ("B4"), at the recipe's `fixedRate`.
    case compressed
    /// No template, and examples that shrink ("C-tmp").
    case examplesOnly = "examples-only"
    /// No examples, and a template that shrinks ("C-egs").
    case templateOnly = "template-only"

    /// Whether the prompts of the stages differ, so that what belongs to a removal applies.
    public var isRemoval: Bool { self == .progressive || self == .examplesOnly || self == .templateOnly }
}

/// Everything that decides the result of a run, besides the data.
public struct Recipe: Sendable, Codable, Equatable {
    /// Which prompts are used.
    public var arm: TrainingArm = .progressive
    /// Number of stages T.
    public var stages = 4
    /// The curve of removal.
    public var curve: RemovalCurve = .linear
    /// Examples in the full prompt, K.
    public var examples = 10
    /// Passes over the data in all stages together; the same for every arm.
    public var epochs = 4
    /// Share of all steps that the last stage takes; the others share the rest evenly. The last stage alone teaches the
    /// model to do without the prompt, so it gets no less than the others (0.25 of four stages).
    public var lastStageShare = 0.5
    /// Rows of one optimizer step.
    public var batch = 16
    /// Highest learning rate.
    public var rate: Float = 1e-3
    /// Share of all steps that warm up to it.
    public var warmUp = 0.1
    /// LoRA's inner width; all linear layers are adapted.
    public var rank = 32
    /// LoRA's numerator.
    public var alpha: Float = 64
    /// Seed of the adapter's start and of the order of rows.
    public var seed: UInt64 = 1
    /// Whether the optimizer forgets its moments at a stage border.
    public var resetsOptimizer = false

    /// The stages themselves, instead of a curve; the first is whole and the last is the query alone.
    public var list: [Stage]?
    /// The stage of the arm `compressed`: share of the template, and of K.
    public var fixedRate = 0.3
    /// Evaluations without a better query-only loss on the dev rows after which a stage is left early; 0: never. The
    /// steps that are left over go to the last stage, so the number of steps stays that of the other arms.
    public var adaptivePatience = 0
    /// Evaluations without a better loss on the dev rows after which the last stage ends, with the best adapter; 0:
    /// never.
    public var patience = 0
    /// Optimizer steps between two evaluations on the dev rows.
    public var evaluationInterval = 25
    /// Micro-batches of one optimizer step: same gradient, less memory.
    public var accumulation = 1
    /// Largest global gradient norm.
    public var clip: Float = 1
    /// Decoupled weight decay.
    public var weightDecay: Float = 0
    /// Probability with which an input of a low-rank path is left out in training.
    public var dropout: Float = 0
    /// Share of rows that see the query alone, in the first and in the last stage, linear between them; nil for none.
    public var queryOnlyMix: [Double]?
    /// With probability e^(-lambda n) a row sees the prompt of n stages later (stepwise internalization's removal
    /// smoothing; 4 there); 0 for none.
    public var removalSmoothing = 0.0
    /// Distillation from the arm `full-prompt`; nil for none.
    public var distillation: Distillation?
    /// A last stage that learns from the model's own answers, judged by the arm `full-prompt`; nil for none.
    public var onPolicy: OnPolicy?
    /// How rows get their examples, and how the template shrinks: names that belong to the run's identity.
    public var retrieval = RetrievalSettings()
    /// The compressor's name; set by whoever makes the run.
    public var compressor = "rules-1"

    /// How much of the teacher's distribution is learned, beside the labels.
    public struct Distillation: Sendable, Codable, Equatable {
        /// Weight of KL(teacher || student) on the answer's tokens; the labels keep 1 - weight.
        public var weight: Float
        /// Tokens of the teacher's distribution that are stored, the likeliest ones.
        public var top: Int

        /// Half the weight on the 64 likeliest tokens, unless told otherwise.
        public init(weight: Float = 0.5, top: Int = 64) {
            self.weight = weight
            self.top = top
        }
    }

    /// The stage after the last one: KL(student with the query || teacher with the full prompt) on what the student
    /// itself writes (on-policy context distillation, arXiv 2602.12275).
    public struct OnPolicy: Sendable, Codable, Equatable {
        /// Optimizer steps; taken from the last stage, at most half of it, so that the arm takes as many as every
        /// other.
        public var steps: Int
        /// Highest learning rate of these steps.
        public var rate: Float

        /// Fifty steps at a tenth of the usual rate, unless told otherwise.
        public init(steps: Int = 50, rate: Float = 1e-4) {
            self.steps = steps
            self.rate = rate
        }
    }

    /// The values of the paper's description where it gives any, see docs/training.md.
    public init() {}

    /// Refuses what cannot work, by the key's name.
    public func validate() throws(InternalizationError) {
        let whole = [
            ("epochs", epochs), ("batch", batch), ("rank", rank), ("accumulation", accumulation),
            ("evaluation_interval", evaluationInterval),
        ]
        for (name, value) in whole where value < 1 { throw .setting("\(name): \(value) is less than 1") }
        guard (0..<1).contains(dropout) else { throw .setting("dropout: \(dropout) is not from 0 to below 1") }
        guard rate > 0, rate.isFinite else { throw .setting("rate: \(rate) is not above 0") }
        let shares = [("last_stage_share", lastStageShare), ("warm_up", warmUp), ("fixed_rate", fixedRate)]
        for (name, value) in shares + (queryOnlyMix ?? []).map({ ("query_only_mix", $0) })
        where !(0...1).contains(value) {
            throw .setting("\(name): \(value) is not from 0 to 1")
        }
        guard queryOnlyMix == nil || queryOnlyMix?.count == 2 else {
            throw .setting("query_only_mix: give two shares, of the first and of the last stage")
        }
        guard removalSmoothing >= 0 else { throw .setting("removal_smoothing: \(removalSmoothing) is negative") }
        if let distillation, !(0...1).contains(distillation.weight) || distillation.top < 1 {
            throw .setting("distillation: weight has to be from 0 to 1, and top at least 1")
        }
        if let onPolicy, onPolicy.steps < 1 || !(onPolicy.rate > 0) {
            throw .setting("on_policy: steps has to be at least 1, and rate above 0")
        }
        try retrieval.validate()
        _ = try resolvedStages()
    }

    /// The stages of this arm: all of them progressive, or all alike.
    public func resolvedStages() throws(InternalizationError) -> [Stage] {
        let removal =
            if let list { try Stage.checked(list) } else { try curve.stages(count: stages, examples: examples) }
        let whole = removal[0]
        switch arm {
        case .progressive: return removal + (onPolicy == nil ? [] : [.onPolicy])
        case .fullPrompt: return removal.map { _ in whole }
        case .queryOnly: return removal.map { _ in removal[removal.count - 1] }
        case .compressed:
            let count = Int((Double(whole.exampleCount) * fixedRate + 1e-9).rounded(.down))
            return removal.map { _ in Stage(templateRate: fixedRate, exampleCount: count) }
        case .examplesOnly: return removal.map { Stage(templateRate: 0, exampleCount: $0.exampleCount) }
        case .templateOnly: return removal.map { Stage(templateRate: $0.templateRate, exampleCount: 0) }
        }
    }

    /// Examples in the full prompt.
    public var resolvedExamples: Int { list?.first?.exampleCount ?? examples }

    /// Whether the dev rows decide anything.
    var looksAtDev: Bool {
        adaptivePatience > 0 || patience > 0 || distillation != nil || onPolicy != nil && arm == .progressive
    }

    /// Whether a stage shows a part of the template, so that it matters how the template is shortened.
    public func shortensTemplate() throws(InternalizationError) -> Bool {
        try resolvedStages().contains { $0.templateRate > 0 && $0.templateRate < 1 }
    }

    /// The recipe with a compressor's name, or the usual one's where no stage shortens the template.
    func naming(_ compressor: any TemplateCompressor) throws(InternalizationError) -> Recipe {
        var named = self
        named.compressor = try shortensTemplate() ? compressor.name : Recipe().compressor
        return named
    }

    /// Optimizer steps of each stage over `rows` training rows; their sum is the same for every arm.
    public func stageSteps(rows: Int) -> [Int] {
        let count = list?.count ?? stages
        let total = epochs * ((rows + batch - 1) / batch)
        let last = min(total, max(1, Int((Double(total) * lastStageShare).rounded())))
        let others = count - 1
        let removal = (0..<others).map { (total - last) * ($0 + 1) / others - (total - last) * $0 / others }
        guard let onPolicy, arm == .progressive else { return removal + [last] }
        let own = min(onPolicy.steps, last / 2)
        return removal + [last - own, own]
    }

    /// The adapter's shape.
    public var adapter: LoRAAdapter.Config { LoRAAdapter.Config(rank: rank, alpha: alpha) }

    /// The optimizer's constants.
    public var optimizer: AdamW.Options { AdamW.Options(weightDecay: weightDecay, maximumNorm: clip) }

    /// The name of a run: 16 hexadecimal digits of SHA-256 over the recipe and the digests of its inputs.
    ///
    /// Settings that came later count only where they differ from their default, so that older runs keep their names.
    public func runName(inputs: [String]) -> String {
        var hash = SHA256()
        hash.update(data: (try? identity()) ?? Data())
        for input in inputs { hash.update(data: Array(input.utf8)) }
        return String(hexadecimal(hash.finalize()).prefix(16))
    }

    private static let first: Set<String> = [
        "arm", "stages", "curve", "examples", "epochs", "lastStageShare", "batch", "rate", "warmUp", "rank", "alpha",
        "seed", "resetsOptimizer",
    ]

    private func identity() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        func members(_ recipe: Recipe) throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: encoder.encode(recipe)) as? [String: Any] ?? [:]
        }
        func text(_ value: Any) throws -> Data {
            try JSONSerialization.data(withJSONObject: [value], options: [.sortedKeys])
        }
        let usual = try members(Recipe()).mapValues(text)
        let own = try members(self).filter { name, value in
            try Self.first.contains(name) || usual[name] != text(value)
        }
        return try JSONSerialization.data(withJSONObject: own, options: [.sortedKeys])
    }
}
