public import ArgumentParser
public import Internalization

extension TrainingArm: ExpressibleByArgument {}
extension RemovalCurve: ExpressibleByArgument {}

/// The settings that `tune`, `eval` and `promote` share: they name a run.
struct RecipeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Task folder with schema.yaml, base/ and data/.", valueName: "folder"))
    var task: String

    @Option(help: "Stages of the removal, at least 2.")
    var stages: Int = Recipe().stages

    @Option(help: "Curve of the removal: linear, exponential or inverse-exponential.")
    var curve: RemovalCurve = Recipe().curve

    @Option(help: "Examples in the full prompt.")
    var examples: Int = Recipe().examples

    @Option(help: "Passes over the training rows, in all stages together.")
    var epochs: Int = Recipe().epochs

    @Option(help: "Share of the steps that the last stage takes.")
    var lastStageShare: Double = Recipe().lastStageShare

    @Option(help: "Rows of one optimizer step.")
    var batch: Int = Recipe().batch

    @Option(help: "Highest learning rate.")
    var rate: Float = Recipe().rate

    @Option(help: "LoRA rank; alpha is twice the rank.")
    var rank: Int = Recipe().rank

    @Option(help: "Seed of the adapter's start and of the order of rows.")
    var seed: UInt64 = Recipe().seed

    @Option(help: "Threads.")
    var threads: Int = 2

    /// The recipe of an arm.
    func recipe(_ arm: TrainingArm) -> Recipe {
        var recipe = Recipe()
        recipe.arm = arm
        recipe.stages = stages
        recipe.curve = curve
        recipe.examples = examples
        recipe.epochs = epochs
        recipe.lastStageShare = lastStageShare
        recipe.batch = batch
        recipe.rate = rate
        recipe.rank = rank
        recipe.alpha = Float(2 * rank)
        recipe.seed = seed
        return recipe
    }
}

/// Trains one arm of a task.
struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Train a task's adapter in stages that remove template and examples.",
        discussion: """
            Reads <task>/schema.yaml, <task>/base and <task>/data/train.jsonl, and writes <task>/runs/<hash>. An \
            interrupted run goes on where it stopped. Evaluate it with `promptintern eval`, then put it into service \
            with `promptintern promote`.
            """)

    @OptionGroup var options: RecipeOptions

    @Option(help: "What is trained: progressive (PromptIntern), full-prompt (the bar) or query-only (the control).")
    var arm: TrainingArm = .progressive

    func run() throws {
        let folder = try TaskFolder(options.task)
        let run = try folder.run(options.recipe(arm), threads: options.threads)
        let bar = ProgressBar(arm.rawValue)
        let (_, stages) = try run.run { bar.show($0) }
        for (number, record) in stages.enumerated() {
            print(
                "stage \(number + 1): template rate \(rounded(record.stage.templateRate)) "
                    + "(reached \(rounded(record.actualRate))), \(record.stage.exampleCount) examples, "
                    + "\(Int(record.meanPromptTokens)) prompt tokens, loss \(rounded(record.loss))")
        }
        print("run folder: \(run.folder)")
    }
}
