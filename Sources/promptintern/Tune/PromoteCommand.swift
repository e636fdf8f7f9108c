import ArgumentParser
import Internalization

/// Puts a trained arm into service.
struct PromoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Evaluate the progressive arm and, if it holds, write its adapter and manifest.json.",
        discussion: """
            Needs the three arms progressive, full-prompt and query-only, trained with the same settings. Promotion is \
            refused when query-only is more than the margin below the full prompt, or no better than the control that \
            was trained with the query alone from the first step, unless an override says why that is fine. \
            `promptintern rollback` takes it back.
            """)

    @OptionGroup var options: RecipeOptions

    @Option(help: "Points that query-only may be below the full prompt.")
    var margin: Double?

    @Option(help: "Fewest held-out items.")
    var minimumRows: Int?

    @Option(
        help: ArgumentHelp("Why it need not be better than the control; stands in the manifest.", valueName: "reason"))
    var controlOverride: String?

    func run() throws {
        let folder = try TaskFolder(options)
        var evaluation = try EvalCommand.parse(["--task", options.task])
        evaluation.options = options
        evaluation.arms = "B1,B3,C"
        evaluation.timed = 0
        let report = try evaluation.evaluate(folder, file: folder.path + "/data/test.jsonl")
        guard let tuned = report.arms["C"], let bar = report.arms["B1"], let control = report.arms["B3"] else {
            throw InternalizationError.setting("an arm is missing")
        }
        print(report.table)
        var thresholds = folder.recipe.promotion
        thresholds.margin = margin ?? thresholds.margin
        thresholds.minimumRows = minimumRows ?? thresholds.minimumRows
        thresholds.controlOverride = controlOverride ?? thresholds.controlOverride
        let run = try folder.run(options.recipe(.progressive))
        try Promotion(taskFolder: folder.path, schema: folder.schema, thresholds: thresholds)
            .promote(adapter: try folder.adapter(of: run), tuned: tuned, bar: bar, control: control)
        print("promoted: \(folder.path)/manifest.json")
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
