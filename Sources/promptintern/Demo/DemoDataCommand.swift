import ArgumentParser
import HouseBooks
import Internalization

/// Writes the demo task's labelled questions.
struct DemoDataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Write the demo task's labelled questions: train.jsonl, dev.jsonl, test.jsonl.",
        discussion: "No meaning occurs in two of the files. The same program writes the same files.")

    @Option(help: ArgumentHelp("The folder to write to.", valueName: "dir"))
    var output: String

    func run() throws {
        let recipe = DemoRecipe.shipped
        let counts = [(HouseTask.Split.train, recipe.trainRows), (.dev, recipe.devRows), (.test, recipe.testRows)]
        for (split, count) in counts {
            let rows = recipe.task.questions(split, count: count).map {
                TaskRow(query: $0.text, answer: $0.formula, group: $0.meaning)
            }
            let path = "\(output)/\(split.rawValue).jsonl"
            try TaskRows.save(rows, to: path)
            show("\(path): \(rows.count) questions")
        }
    }
}
