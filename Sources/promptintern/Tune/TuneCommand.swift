import ArgumentParser
import Foundation
import Internalization

/// Trains one arm of a task.
struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Train a task's adapter in stages that remove template and examples.",
        discussion: """
            Reads <task>/schema.yaml, <task>/recipe.yaml, <task>/base and <task>/data/train.jsonl, and writes \
            <task>/runs/<hash>. An interrupted run goes on where it stopped. Evaluate it with `promptintern eval`, then \
            put it into service with `promptintern promote`.
            """)

    @OptionGroup var options: RecipeOptions

    @Option(
        help: ArgumentHelp(
            "What is trained: progressive (PromptIntern), full-prompt (the bar), query-only (the control), compressed, "
                + "examples-only or template-only."))
    var arm: TrainingArm = .progressive

    @Flag(help: "Print one JSON object a line: steps, stages, notes, the run folder.")
    var json = false

    func run() throws {
        let folder = try TaskFolder(options)
        let run = try folder.run(try options.recipe(arm))
        let stages = try TrainingDisplay(label: arm.rawValue, json: json).run(run)
        if json { return }
        for (number, record) in stages.enumerated() {
            let answers = record.stage.isOnPolicy ? ", own answers" : ""
            print(
                "stage \(number + 1)\(answers): template rate \(rounded(record.stage.templateRate)) (reached "
                    + " \(rounded(record.actualRate))), \(record.stage.exampleCount) examples, "
                    + "\(Int(record.meanPromptTokens)) prompt tokens, loss \(rounded(record.loss))")
        }
        print("run folder: \(run.folder)")
    }
}
