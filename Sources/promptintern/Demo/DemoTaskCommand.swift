import ArgumentParser
import Foundation
import HouseBooks
import Internalization

/// Writes a task folder about another house book, for experiments with the same base model.
struct DemoTaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "Write a task folder about a house book of another size or seed, with an existing base model.",
        discussion: """
            Level 1 has 11 entries and 3 examples, level 2 has 22 and 5, level 3 has 44 and 8; they are tables without \
            explanations. Level 4 is the demo's own kind of book. Another seed is another house with other codes: the \
            same template, edited.
            """)

    @Option(help: ArgumentHelp("Task folder to write.", valueName: "folder"))
    var output: String

    @Option(help: ArgumentHelp("Folder of the base model, which is copied.", valueName: "folder"))
    var base: String = "config/tasks/house-books/base"

    @Option(help: "Size of the book, 1 to 4.")
    var level: Int = 2

    @Option(help: "Seed of the book.")
    var bookSeed: UInt64 = HouseTask.bookSeed

    @Option(help: "Training rows.")
    var trainRows: Int = 600

    @Option(help: "Held-out rows.")
    var testRows: Int = 300

    func run() throws {
        guard BaseLesson.levels.indices.dropFirst().contains(level) else {
            throw ValidationError("--level: \(level) is not from 1 to \(BaseLesson.levels.count - 1)")
        }
        guard trainRows > 0, testRows > 0 else { throw ValidationError("rows have to be at least 1") }
        let kind = BaseLesson.levels[level]
        var recipe = DemoRecipe.shipped
        recipe.bookSize = kind.size
        recipe.bookSeed = bookSeed
        recipe.trainRows = trainRows
        recipe.devRows = 100
        recipe.testRows = testRows
        recipe.tuning.examples = kind.examples
        try DemoTaskFolder(path: output, recipe: recipe).write()
        let files = FileManager.default
        if !files.fileExists(atPath: output + "/base") {
            try files.copyItem(atPath: base, toPath: output + "/base")
        }
        show(
            "\(output): \(trainRows) training rows, \(testRows) held-out rows, \(kind.examples) examples in the prompt")
    }
}
