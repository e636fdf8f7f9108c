public import ArgumentParser
import Foundation
public import Internalization

extension ExportTarget: ExpressibleByArgument {}
extension BedrockFamily: ExpressibleByArgument {}

/// Writes a task's stages for another trainer.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a task's stages as files for another trainer.",
        discussion: """
            Reads <task>/schema.yaml, <task>/data/train.jsonl and, to count tokens, <task>/base/tokenizer.json if there is \
            one. Writes a training file for each stage, the trainer's own configuration files, and export.json. Every \
            row is checked against the trainer's documented limits first. docs/training.md has a chapter on each.
            """)

    @OptionGroup var options: RecipeOptions

    @Option(
        help: "For whom: \(ExportTarget.allCases.map(\.rawValue).joined(separator: ", ")).")
    var to: ExportTarget

    @Option(help: "What is trained: progressive (PromptIntern), full-prompt (the bar) or query-only (the control).")
    var arm: TrainingArm = .progressive

    @Option(help: ArgumentHelp("Folder to write; it is made.", valueName: "folder"))
    var output: String

    @Option(help: "Model to start from, as the trainer names it.")
    var model: String?

    @Option(help: ArgumentHelp("Held-out rows for the trainer's validation, written query-only.", valueName: "file"))
    var validation: String?

    @Option(help: "Rows that a device computes at once.")
    var microBatch: Int = 4

    @Option(help: "Most tokens of a row, in place of the trainer's documented limit.")
    var maximumTokens: Int?

    @Option(help: "Bedrock's record shape: nova, claude or text.")
    var bedrockFamily: BedrockFamily = .nova

    @Option(help: "LLaMA-Factory's name of the chat template; the tokenizer's own by default.")
    var chatTemplate: String?

    @Flag(help: "Also write initial-adapter/, what the embedded trainer starts from; needs <task>/base/config.json.")
    var initialAdapter = false

    func run() throws {
        guard microBatch > 0 else { throw ValidationError("--micro-batch: \(microBatch) is not at least 1") }
        let task = try TaskTexts(options)
        let export = try task.export(options.recipe(arm), settings: settings, validation: validation)
        let index = try export.write(to: output)
        if initialAdapter {
            try export.writeInitialAdapter(to: output + "/initial-adapter", model: try task.model())
        }
        report(index)
        if !export.ignored.isEmpty {
            put(
                "note: \(to.rawValue) does not do what recipe.yaml says under \(export.ignored.joined(separator: ", "))",
                to: .standardError)
        }
    }

    private var settings: ExportSettings {
        var settings = ExportSettings(target: to, family: bedrockFamily)
        settings.model = model
        settings.microBatch = microBatch
        settings.chatTemplate = chatTemplate
        if let maximumTokens { settings.limits.maximumTokens = maximumTokens }
        return settings
    }

    private func report(_ index: ExportIndex) {
        var columns = Columns(right: [1, 2, 3, 4, 5, 6])
        columns.rows = [["file", "rows", "template", "examples", "steps", "epochs", "tokens", "longest"]]
        columns.right.insert(7)
        for stage in index.stages {
            columns.rows.append([
                stage.file, "\(stage.rows)", String(format: "%.3f", stage.actualRate), "\(stage.examples)",
                to.countsSteps ? "\(stage.steps)" : "-", to.countsSteps ? "-" : "\(stage.epochs)", "\(stage.tokens)",
                "\(stage.maximumTokens)",
            ])
        }
        show(columns.text)
        if !index.countsTokens { show("tokens are an estimate, one for every four bytes: the task has no tokenizer") }
        show("wrote \(output)/export.json")
    }
}
