import ArgumentParser
import Engine
import Foundation
import Internalization
import PromptSchema

/// Evaluates trained arms on held-out rows.
struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Compare the arms of a task on held-out rows: metrics, tokens, times, cost.",
        discussion: """
            The arms that need training must have been trained by `promptintern tune` with the same settings, unless \
            --train is given. Times are medians of single requests on one thread, with and without the constant prompt \
            beginning cached. Intervals are 95 % paired bootstrap over groups.
            """)

    @OptionGroup var options: RecipeOptions

    @Option(help: ArgumentHelp("Held-out rows; <task>/data/test.jsonl by default.", valueName: "file"))
    var data: String?

    @Option(help: "Arms, separated by commas: \(EvaluationArm.allCases.map(\.rawValue).joined(separator: ", ")).")
    var arms: String = EvaluationArm.usual.map(\.rawValue).joined(separator: ",")

    @Option(help: "Seeds, separated by commas; figures are means over them. The recipe's own by default.")
    var seeds: String?

    @Option(help: "Requests of each arm that are timed one by one; 0 for none.")
    var timed: Int = 40

    @Option(help: "Rows whose labels' perplexity is computed; 0 for none.")
    var scored: Int = 0

    @Flag(help: "Train the arms that are not trained yet.")
    var train = false

    @Option(
        help: ArgumentHelp(
            "Write the report as one HTML page, and beside it <name>.items.json with each item's score.",
            valueName: "file"))
    var report: String?

    @Option(help: "Price of a million prompt tokens, for the cost column.")
    var inputPrice: Double = 0.15

    @Option(help: "Price of a million answer tokens, for the cost column.")
    var outputPrice: Double = 0.6

    @Option(
        help: ArgumentHelp(
            "Another task folder with the same base: what the tuned arms still know of it, with its full prompt. "
                + "An edited template, or an unrelated task. May be repeated.", valueName: "folder"))
    var forgetting: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let folder = try TaskFolder(options)
        let file = data ?? folder.path + "/data/test.jsonl"
        let result = try evaluate(evaluation(of: folder, file: file), file: file)
        if let report { try write(result, to: URL(fileURLWithPath: report)) }
        json ? try printJSON(result) : print(result.table)
    }

    /// What the options say about a task's evaluation; the inputs serve the chosen arms.
    func evaluation(of folder: TaskFolder, file: String) throws -> ArmEvaluation {
        let recipe = folder.recipe.training
        let inputs = try folder.inputs(for: chosenArms().compactMap { $0.training(recipe) })
        return ArmEvaluation(
            folder: folder, inputs: inputs, items: try items(folder, file),
            metrics: try folder.recipe.evaluation.resolved(), timed: timed, scored: scored, trains: train,
            seeds: try chosenSeeds(recipe))
    }

    /// Runs every chosen arm.
    func evaluate(_ evaluation: ArmEvaluation, file: String) throws -> EvaluationReport {
        let folder = evaluation.folder
        let chosen = try chosenArms()
        var report = EvaluationReport(
            task: folder.schema.id, data: file, unit: folder.recipe.evaluation.unit,
            prices: .init(input: inputPrice, output: outputPrice))
        for arm in chosen { report.arms[arm.rawValue] = try evaluation.result(arm) }
        report.stages = try evaluation.stages()
        for other in forgetting {
            report.forgetting += try evaluation.forgetting(
                chosen, other: TaskFolder(other, recipe: folder.recipe, threads: options.threads))
        }
        report.compare()
        return report
    }

    private func write(_ result: EvaluationReport, to page: URL) throws {
        try Data(HTMLReport(result).text.utf8).write(to: page, options: .atomic)
        let items = page.deletingPathExtension().appendingPathExtension("items.json")
        try JSONEncoder().encode(result.itemScores).write(to: items, options: .atomic)
    }

    private func items(_ folder: TaskFolder, _ file: String) throws -> [EvaluationItem] {
        EvaluationItem.items(try TaskRows.load(file), unit: folder.recipe.evaluation.unit)
    }

    private func chosenArms() throws -> [EvaluationArm] {
        try arms.split(separator: ",").map { name in
            guard let arm = EvaluationArm(rawValue: String(name)) else {
                throw ValidationError(
                    "--arms: there is no arm \(name); use "
                        + EvaluationArm.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return arm
        }
    }

    private func chosenSeeds(_ recipe: Recipe) throws -> [UInt64] {
        guard let seeds else { return [recipe.seed] }
        return try seeds.split(separator: ",").map { text in
            guard let seed = UInt64(text) else { throw ValidationError("--seeds: '\(text)' is not a whole number") }
            return seed
        }
    }

    func printJSON(_ report: EvaluationReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }
}
