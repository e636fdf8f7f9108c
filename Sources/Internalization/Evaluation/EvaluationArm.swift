/// The arms of an evaluation: which training each needs, and which prompts it is tested with.
public enum EvaluationArm: String, Sendable, CaseIterable {
    /// No model: the label of the nearest training query.
    case NN
    /// Base model.
    case A0, A1
    /// Tuned without stages.
    case B1, B2, B3, B4
    /// Tuned in stages.
    case C
    /// The stages' adapter with the full prompt put back.
    case fullPromptBack = "C-full"
    /// Ablations.
    case examplesOnly = "C-tmp"
    case templateOnly = "C-egs"
    case jump = "C-jump"
    case exponential = "C-exp"
    case inverse = "C-inv"
    case threeStages = "C-T3"
    case sixStages = "C-T6"
    case sevenStages = "C-T7"
    /// Extensions.
    case mixed = "D-mix"
    case distilled = "D-kd"
    case smoothed = "D-smooth"
    case adaptive = "D-adapt"
    case onPolicy = "D-on"
    case all = "D"

    /// What is tested.
    public enum Test: Sendable, Equatable {
        case nearestNeighbour
        case fullPrompt
        case queryOnly
        case compressed
    }

    /// The arms that are compared unless others are named.
    public static let usual: [EvaluationArm] = [.A0, .A1, .B1, .B2, .B3, .C]

    /// What the name stands for.
    public var meaning: String {
        switch self {
        case .NN: "label of the nearest training query by BM25, no model"
        case .A0: "base, full prompt"
        case .A1: "base, query alone"
        case .B1: "tuned and tested with the full prompt"
        case .B2: "tuned with the full prompt, tested with the query alone"
        case .B3: "tuned and tested with the query alone (control)"
        case .B4: "tuned and tested with one compressed prompt"
        case .C: "tuned in stages, tested with the query alone (PromptIntern)"
        case .fullPromptBack: "tuned in stages, tested with the full prompt put back"
        case .examplesOnly: "stages of examples, never a template"
        case .templateOnly: "stages of the template, never examples"
        case .jump: "two stages: everything, then nothing"
        case .exponential: "exponential schedule"
        case .inverse: "inverse-exponential schedule"
        case .threeStages: "three stages"
        case .sixStages: "six stages"
        case .sevenStages: "seven stages"
        case .mixed: "stages with query-only rows mixed in, 10 to 100 %"
        case .distilled: "stages with distillation from the full-prompt arm"
        case .smoothed: "stages with optimizer reset and smoothed removal"
        case .adaptive: "stages that end when the dev loss gets no better"
        case .onPolicy: "stages, then own answers judged by the full-prompt arm"
        case .all: "stages with query-only rows, distillation, reset and smoothing"
        }
    }

    /// Which prompts the arm is tested with.
    public var test: Test {
        switch self {
        case .NN: .nearestNeighbour
        case .A0, .B1, .fullPromptBack: .fullPrompt
        case .B4: .compressed
        default: .queryOnly
        }
    }

    /// The training that the arm needs, from the task's own recipe for C; nil for none.
    public func training(_ task: Recipe) -> Recipe? {
        var recipe = task
        recipe.arm = .progressive
        switch self {
        case .NN, .A0, .A1: return nil
        case .B1, .B2: return task.control(.fullPrompt)
        case .B3: return task.control(.queryOnly)
        case .B4: return task.control(.compressed)
        case .C, .fullPromptBack: break
        case .examplesOnly: recipe.arm = .examplesOnly
        case .templateOnly: recipe.arm = .templateOnly
        case .jump: recipe.reschedule(.linear, stages: 2)
        case .exponential: recipe.reschedule(.exponential, stages: 4)
        case .inverse: recipe.reschedule(.inverseExponential, stages: 4)
        case .threeStages: recipe.reschedule(.linear, stages: 3)
        case .sixStages: recipe.reschedule(.linear, stages: 6)
        case .sevenStages: recipe.reschedule(.linear, stages: 7)
        case .mixed: recipe.queryOnlyMix = [0.1, 1]
        case .distilled: recipe.distillation = recipe.distillation ?? .init()
        case .smoothed: recipe.smooth()
        case .adaptive: recipe.adaptivePatience = max(3, recipe.adaptivePatience)
        case .onPolicy: recipe.onPolicy = recipe.onPolicy ?? .init()
        case .all:
            recipe.queryOnlyMix = [0.1, 1]
            recipe.distillation = recipe.distillation ?? .init()
            recipe.smooth()
        }
        return recipe
    }
}

extension Recipe {
    /// The recipe of an arm without stages: what belongs to a removal is left out.
    public func control(_ arm: TrainingArm) -> Recipe {
        var recipe = self
        recipe.arm = arm
        recipe.queryOnlyMix = nil
        recipe.removalSmoothing = 0
        recipe.distillation = nil
        recipe.onPolicy = nil
        recipe.adaptivePatience = 0
        recipe.resetsOptimizer = false
        return recipe
    }

    fileprivate mutating func reschedule(_ curve: RemovalCurve, stages: Int) {
        list = nil
        self.curve = curve
        self.stages = stages
    }

    fileprivate mutating func smooth() {
        resetsOptimizer = true
        removalSmoothing = 4
    }
}
