import ArgumentParser
import Engine
import Foundation
import Internalization

/// Makes the demo task from nothing.
struct DemoBuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Make the demo task from nothing: data, base model, tuned adapter, evaluation, manifest.",
        discussion: """
            The full recipe takes hours on two cores and goes on where it was interrupted; --small takes minutes. \
            docs/training.md has the recipes, the seeds and the figures.
            """)

    @Option(help: ArgumentHelp("Task folder to write.", valueName: "folder"))
    var output: String

    @Flag(help: "The small recipe: shows that the pipeline works, in minutes.")
    var small = false

    @Flag(help: "Stop after the base model.")
    var baseOnly = false

    @Option(help: "Optimizer steps of the base model, instead of the recipe's.")
    var baseSteps: Int?

    @Option(help: "Threads.")
    var threads: Int = 2

    func run() throws {
        try BLAS.load()
        var recipe = small ? DemoRecipe.small : DemoRecipe.shipped
        if let baseSteps { recipe.baseSteps = baseSteps }
        try DemoTaskFolder(path: output, recipe: recipe).write()
        try BaseModelBuild(
            recipe: recipe, folder: output + "/base", checkpoints: output + "/runs/base", threads: threads,
            report: { line in FileHandle.standardError.write(Data((line + "\n").utf8)) }
        ).run()
        if baseOnly { return }
        var options = try RecipeOptions.parse(["--task", output] + recipe.tuning.arguments)
        options.threads = threads
        let folder = try TaskFolder(options)
        for arm in [TrainingArm.progressive, .fullPrompt, .queryOnly] {
            _ = try TrainingDisplay(label: arm.rawValue).run(folder.run(try options.recipe(arm)))
        }
        var promotion = try PromoteCommand.parse(["--task", output])
        promotion.options = options
        if small {
            promotion.minimumRows = recipe.testRows
            promotion.margin = 100
            promotion.controlOverride = "a demonstration that the pipeline works"
        }
        try promotion.run()
    }
}

extension Recipe {
    /// The command line options that name this recipe.
    var arguments: [String] {
        [
            "--stages", String(stages), "--curve", curve.rawValue, "--examples", String(examples), "--epochs",
            String(epochs), "--batch", String(batch), "--rate", String(rate), "--rank", String(rank), "--seed",
            String(seed), "--last-stage-share", String(lastStageShare),
        ]
    }
}
