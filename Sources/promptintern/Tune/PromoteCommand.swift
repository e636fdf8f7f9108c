import ArgumentParser
import Internalization

/// Puts a trained arm into service.
struct PromoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Evaluate the progressive arm and, if it holds, write its adapter and manifest.json.",
        discussion: """
            Needs the three arms progressive, full-prompt and query-only, trained with the same settings. Promotion is \
            refused when the progressive arm is more than the margin below the full prompt, or no better than the \
            control that was trained with the query alone from the first step, unless an override says why that is fine. \
            `promptintern rollback` takes it back.
            """)

    @OptionGroup var options: RecipeOptions

    @Option(help: "Points that the promoted arm may be below the full prompt.")
    var margin: Double?

    @Option(help: "Fewest held-out items.")
    var minimumRows: Int?

    @Option(
        help: ArgumentHelp("Why it need not be better than the control; stands in the manifest.", valueName: "reason"))
    var controlOverride: String?

    @Option(
        help: ArgumentHelp(
            "Promote an earlier stage, counted from 1, as a step on the ramp: the gateway then sends what the stage keeps of "
                + "the template and the last examples of the request, beside the query.", valueName: "number"))
    var stage: Int?

    func run() throws {
        let folder = try TaskFolder(options)
        var command = try EvalCommand.parse(["--task", options.task])
        command.options = options
        command.arms = "B1,B3,C"
        let file = folder.path + "/data/test.jsonl"
        let evaluation = try command.evaluation(of: folder, file: file)
        command.arms = "B1,B3"
        command.timed = 0
        let step = try evaluation.stage(stage)
        var report = try command.evaluate(evaluation, file: file)
        report.arms["C"] = step.result
        report.compare()
        print(report.table)
        guard let bar = report.arms["B1"], let control = report.arms["B3"] else {
            throw InternalizationError.setting("an arm is missing")
        }
        try Promotion(taskFolder: folder.path, schema: folder.schema, thresholds: thresholds(folder))
            .promote(adapter: step.adapter, tuned: step.result, bar: bar, control: control, stage: step.promoted)
        print("promoted: \(folder.path)/manifest.json")
    }

    private func thresholds(_ folder: TaskFolder) -> Promotion.Thresholds {
        var thresholds = folder.recipe.promotion
        thresholds.margin = margin ?? thresholds.margin
        thresholds.minimumRows = minimumRows ?? thresholds.minimumRows
        thresholds.controlOverride = controlOverride ?? thresholds.controlOverride
        return thresholds
    }
}

/// Takes the last promotion back.
struct RollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Put the adapter that was in service before the last promotion back into service.",
        discussion: "A gateway that serves the task takes it over at its next reload (SIGHUP or POST /admin/reload).")

    @Option(help: ArgumentHelp("Task folder.", valueName: "folder"))
    var task: String

    func run() throws {
        let created = try Promotion.rollback(taskFolder: task)
        print("in service again: the promotion of \(created)")
    }
}
