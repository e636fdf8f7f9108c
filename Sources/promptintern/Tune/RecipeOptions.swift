public import ArgumentParser
import Configuration
public import Internalization

extension TrainingArm: ExpressibleByArgument {}
extension RemovalCurve: ExpressibleByArgument {}
extension EvaluationArm: ExpressibleByArgument {}
extension RetrievalSettings.Method: ExpressibleByArgument {}

/// The compressors that need no more than a name.
enum NamedCompressor: String, ExpressibleByArgument, CaseIterable {
    case attribution
    case selfInformation = "self-information"
    case rules

    var setting: TaskRecipe.Compressor {
        switch self {
        case .attribution: .attribution
        case .selfInformation: .selfInformation
        case .rules: .rules
        }
    }
}

/// What `tune`, `eval` and `promote` share: they name runs. What is not given is taken from the task's `recipe.yaml`.
struct RecipeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Task folder with schema.yaml, recipe.yaml, base/ and data/.", valueName: "folder"))
    var task: String

    @Option(help: "Stages of the removal, at least 2.")
    var stages: Int?

    @Option(help: "Curve of the removal: linear, exponential or inverse-exponential.")
    var curve: RemovalCurve?

    @Option(help: "Examples in the full prompt.")
    var examples: Int?

    @Option(help: "Passes over the training rows, in all stages together.")
    var epochs: Int?

    @Option(help: "Share of the steps that the last stage takes.")
    var lastStageShare: Double?

    @Option(help: "Rows of one optimizer step.")
    var batch: Int?

    @Option(help: "Highest learning rate.")
    var rate: Float?

    @Option(help: "LoRA rank; alpha is twice the rank.")
    var rank: Int?

    @Option(help: "Seed of the adapter's start and of the order of rows.")
    var seed: UInt64?

    @Option(help: "Use only the first training rows, so many.")
    var rows: Int?

    @Option(help: "What shortens the template: attribution, self-information or rules.")
    var compressor: NamedCompressor?

    @Option(help: "What examples are compared by: label-bleu, bm25 or embeddings.")
    var retrieval: RetrievalSettings.Method?

    @Option(help: "Share of the training rows that may serve as examples.")
    var bankRatio: Double?

    @Option(help: "Threads.")
    var threads: Int = 2

    /// The task's recipe with what the command line says instead.
    func recipe() throws -> TaskRecipe {
        var task = try RecipeFile.load(taskFolder: self.task)
        var recipe = task.training
        if stages != nil || curve != nil || examples != nil { recipe.list = nil }
        recipe.stages = stages ?? recipe.stages
        recipe.curve = curve ?? recipe.curve
        recipe.examples = examples ?? recipe.examples
        recipe.epochs = epochs ?? recipe.epochs
        recipe.lastStageShare = lastStageShare ?? recipe.lastStageShare
        recipe.batch = batch ?? recipe.batch
        recipe.rate = rate ?? recipe.rate
        if let rank {
            recipe.rank = rank
            recipe.alpha = Float(2 * rank)
        }
        recipe.seed = seed ?? recipe.seed
        recipe.retrieval.method = retrieval ?? recipe.retrieval.method
        recipe.retrieval.bankRatio = bankRatio ?? recipe.retrieval.bankRatio
        task.compressor = compressor?.setting ?? task.compressor
        task.training = recipe
        return task
    }

    /// The recipe of an arm: what belongs to a removal only in arms that remove.
    func recipe(_ arm: TrainingArm) throws -> Recipe {
        let recipe = try recipe().training
        guard !arm.isRemoval else {
            var own = recipe
            own.arm = arm
            return own
        }
        return recipe.control(arm)
    }
}
