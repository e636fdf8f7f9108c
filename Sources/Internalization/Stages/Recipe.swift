public import Engine
import Crypto
import Foundation

/// Which prompts an arm is trained on.
public enum TrainingArm: String, Sendable, Codable, CaseIterable {
    /// Template and examples shrink to nothing, stage by stage (PromptIntern; "C" in the evaluation).
    case progressive
    /// The full prompt in every stage ("B1": the quality bar; tested query-only it is "B2").
    case fullPrompt = "full-prompt"
    /// The query alone in every stage ("B3": the control).
    case queryOnly = "query-only"
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

    /// The values of the paper's description where it gives any, see docs/training.md.
    public init() {}

    /// The stages of this arm: all of them progressive, or all alike.
    public func resolvedStages() throws(InternalizationError) -> [Stage] {
        let progressive = try curve.stages(count: stages, examples: examples)
        switch arm {
        case .progressive: return progressive
        case .fullPrompt: return progressive.map { _ in progressive[0] }
        case .queryOnly: return progressive.map { _ in progressive[progressive.count - 1] }
        }
    }

    /// Optimizer steps of each stage over `rows` training rows; their sum is the same for every arm.
    public func stageSteps(rows: Int) -> [Int] {
        let total = epochs * ((rows + batch - 1) / batch)
        let last = min(total, max(1, Int((Double(total) * lastStageShare).rounded())))
        let others = stages - 1
        return (0..<others).map { (total - last) * ($0 + 1) / others - (total - last) * $0 / others } + [last]
    }

    /// The adapter's shape.
    public var adapter: LoRAAdapter.Config { LoRAAdapter.Config(rank: rank, alpha: alpha) }

    /// The name of a run: 16 hexadecimal digits of SHA-256 over the recipe and the digests of its inputs.
    public func runName(inputs: [String]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var hash = SHA256()
        hash.update(data: (try? encoder.encode(self)) ?? Data())
        for input in inputs { hash.update(data: Array(input.utf8)) }
        return String(hexadecimal(hash.finalize()).prefix(16))
    }
}
