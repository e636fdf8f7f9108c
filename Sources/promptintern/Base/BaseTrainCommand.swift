import ArgumentParser
import Configuration
import Engine
import Foundation
import Internalization
import PromptSchema
import Tokenization

/// Trains a task's base model.
struct BaseTrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a task's base model from nothing: tokenizer, then all weights.",
        discussion: """
            Reads <task>/base.json, <task>/schema.yaml and the data files that the recipe names; examines the rows of \
            <task>/data/dev.jsonl now and then; writes <task>/base. Checkpoints are kept in <task>/runs/base: an \
            interrupted run goes on where it stopped, and a run whose recipe got more steps is prolonged.
            """)

    @Option(help: ArgumentHelp("Task folder, or the name of one in config/tasks.", valueName: "folder"))
    var task: String

    @Option(help: "Threads.")
    var threads: Int = 2

    func run() throws {
        try BLAS.load()
        let folder = try TaskPath(task).folder
        let recipe = try BaseRecipe.load(folder + "/base.json")
        let schema = try SchemaFile.load(path: folder + "/schema.yaml")
        let rows = try recipe.sources.map { try TaskRows.load(folder + "/" + $0.file) }
        let heldOut = try TaskRows.load(folder + "/data/dev.jsonl")
        let tokenizer = try tokenizer(folder, recipe, rows, schema: schema)
        let template = try ChatTemplate(tokenizer: tokenizer)
        let encoder = PromptEncoder(schema: schema, tokenizer: tokenizer, template: template)
        let model = recipe.model(vocabularySize: tokenizer.vocabularySize, endToken: template.stopTokens[0])
        let corpus = try BaseCorpus(recipe: recipe, rows: rows, heldOut: heldOut, encoder: encoder)
        for (number, source) in recipe.sources.enumerated() {
            let passes = corpus.passes(ofSource: number, after: recipe.steps)
            show("\(source.file), \(source.prompt.rawValue): \(rows[number].count) rows, \(rounded(passes)) passes")
        }
        let weights = try BaseRun(
            plan: recipe.plan, model: model, source: corpus, folder: folder + "/runs/base", threads: threads
        ).run { show($0.line) }
        try weights.save(folder: folder + "/base", precision: .bfloat16)
        show("\(folder)/base: \(weights.values.count) parameters")
    }

    /// The tokenizer of an earlier start of the same run, or a new one.
    private func tokenizer(
        _ folder: String, _ recipe: BaseRecipe, _ rows: [[TaskRow]], schema: Schema
    ) throws -> Tokenizer {
        let path = folder + "/base/tokenizer.json"
        if !FileManager.default.fileExists(atPath: path) {
            try FileManager.default.createDirectory(atPath: folder + "/base", withIntermediateDirectories: true)
            let json = try BaseVocabulary.tokenizer(recipe, rows: rows, schema: schema)
            try Data(BaseVocabulary.configuration().utf8)
                .write(to: URL(fileURLWithPath: folder + "/base/tokenizer_config.json"), options: .atomic)
            try Data(json).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
        return try Tokenizer(contentsOf: path)
    }
}

extension BaseRun.Progress {
    /// One line of progress.
    var line: String {
        "step \(step)/\(steps) loss \(rounded(loss)) held-out loss \(rounded(heldOutLoss)) exact "
            + "\(rounded(100 * heldOutExact)) %, \(Int(tokensPerSecond)) tokens/s"
    }
}

/// Four digits behind the point.
func rounded(_ value: Double) -> String {
    String(format: "%.4f", value)
}
