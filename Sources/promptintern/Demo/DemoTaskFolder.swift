import Foundation
import HouseBooks
import Internalization

/// Writes the demo's task folder: schema, template, example bank and data files.
struct DemoTaskFolder {
    static let taskName = "house-books"

    let path: String
    let recipe: DemoRecipe

    /// Writes everything but the models. Existing files are replaced.
    func write() throws {
        try FileManager.default.createDirectory(atPath: path + "/template", withIntermediateDirectories: true)
        let book = recipe.task.book
        try write(BookText.head(book), to: "template/head.txt")
        try write(BookText.tail, to: "template/tail.txt")
        try write(schema, to: "schema.yaml")
        try write(tuning, to: "recipe.yaml")
        let train = rows(.train, count: recipe.trainRows)
        try TaskRows.save(train, to: path + "/examples.jsonl")
        try TaskRows.save(train, to: dataFile(.train))
        try TaskRows.save(rows(.dev, count: recipe.devRows), to: dataFile(.dev))
        try TaskRows.save(rows(.test, count: recipe.testRows), to: dataFile(.test))
    }

    /// The path of a split's data file.
    func dataFile(_ split: HouseTask.Split) -> String {
        path + "/data/" + split.rawValue + ".jsonl"
    }

    private func rows(_ split: HouseTask.Split, count: Int) -> [TaskRow] {
        recipe.task.questions(split, count: count).map { question in
            TaskRow(query: question.text, answer: question.formula, group: question.meaning)
        }
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name), options: .atomic)
    }

    private var tuning: String {
        """
        # How the adapter of the house-books demo is trained, compared and promoted. Written by `promptintern demo build`;
        # docs/training.md explains every key.
        training:
          schedule: \(recipe.tuning.curve.rawValue)
          stages: \(recipe.tuning.stages)
          examples: \(recipe.tuning.examples)
          epochs: \(recipe.tuning.epochs)
          last_stage_share: \(recipe.tuning.lastStageShare)
          batch: \(recipe.tuning.batch)
          rate: \(recipe.tuning.rate)
          rank: \(recipe.tuning.rank)
        compressor: rules
        evaluation:
          metrics: [exact, char_bleu]
          unit: row
          pattern: '= \\w+\\( .+, .+, .+ \\)'
        promotion:
          margin: 2
          minimum_rows: 500
          control_override: 1,200 labels teach this book to the control as well; the demo shows the gateway

        """
    }

    private var schema: String {
        """
        # The prompt of the house-books demo: a system message of template, worked examples and closing line,
        # then the question as the user's message. Written by `promptintern demo build`.
        task: \(Self.taskName)
        version: "1"
        unknown_examples: full_prompt
        messages:
          - role: system
            parts:
              - template_file: template/head.txt
              - examples:
                  prefix: "Question: "
                  separator: "\\nFormula: "
                  suffix: "\\n\\n"
                  bank: examples.jsonl
              - template_file: template/tail.txt
          - role: user
            parts:
              - query:
                  maximum_bytes: 2000

        """
    }
}
