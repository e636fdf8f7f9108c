import ArgumentParser
import Internalization

/// Puts a trained arm into service.
struct PromoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Evaluate the progressive arm and, if it holds, write adapter/ and manifest.json.",
        discussion: """
            Needs the three arms progressive, full-prompt and query-only, trained with the same settings. Promotion is \
            refused when query-only exact match is more than the margin below the full prompt's.
            """)

    @OptionGroup var options: RecipeOptions

    @Option(help: "Points that query-only may be below the full prompt.")
    var margin: Double = Promotion.Thresholds().margin

    @Option(help: "Fewest held-out rows.")
    var minimumRows: Int = Promotion.Thresholds().minimumRows

    func run() throws {
        let folder = try TaskFolder(options.task)
        var evaluation = try EvalCommand.parse(["--task", options.task])
        evaluation.options = options
        evaluation.arms = "B1,B3,C"
        evaluation.timed = 0
        let report = try evaluation.evaluate(folder, file: folder.path + "/data/test.jsonl")
        guard let tuned = report.arms["C"], let bar = report.arms["B1"], let control = report.arms["B3"] else {
            throw InternalizationError.setting("an arm is missing")
        }
        evaluation.printTable(report)
        var thresholds = Promotion.Thresholds()
        thresholds.margin = margin
        thresholds.minimumRows = minimumRows
        let run = try folder.run(options.recipe(.progressive), threads: options.threads)
        try Promotion(taskFolder: folder.path, schema: folder.schema, thresholds: thresholds)
            .promote(adapter: try folder.adapter(of: run), tuned: tuned, bar: bar, control: control)
        print("promoted: \(folder.path)/manifest.json")
    }
}
