import Configuration
import Engine
import Foundation
import Internalization
import PromptSchema
import Tokenization

/// A task folder opened for its texts: the base model's weights are read only where the recipe asks for them, and its
/// tokenizer only if it is there.
struct TaskTexts {
    let path: String
    let schema: Schema
    /// The task's recipe, with what the command line changed in it.
    let recipe: TaskRecipe
    /// The base model's tokenizer and chat template; nil if the task has no base model.
    let encoder: PromptEncoder?
    /// Threads to compute on.
    let threads: Int
    private let rowLimit: Int?

    /// Opens the folder that the options name.
    init(_ options: RecipeOptions) throws {
        try self.init(options.task, recipe: options.recipe(), threads: options.threads, rowLimit: options.rows)
    }

    /// Opens a folder with `schema.yaml`, and reads `base/tokenizer.json` if there is one.
    init(_ path: String, recipe: TaskRecipe, threads: Int = 2, rowLimit: Int? = nil) throws {
        self.path = path
        self.recipe = recipe
        self.threads = threads
        self.rowLimit = rowLimit
        schema = try SchemaFile.load(path: path + "/schema.yaml")
        guard FileManager.default.fileExists(atPath: path + "/base/tokenizer.json") else {
            encoder = nil
            return
        }
        let tokenizer = try Tokenizer(contentsOf: path + "/base/tokenizer.json")
        encoder = PromptEncoder(
            schema: schema, tokenizer: tokenizer,
            template: try ChatTemplate(modelFolder: path + "/base", tokenizer: tokenizer))
    }

    /// The rows of a data file of the folder: "train", "dev" or "test".
    func rows(_ split: String) throws -> [TaskRow] {
        let file = path + "/data/" + split + ".jsonl"
        // A task as it is shipped has no data folder: its example bank is its training rows.
        let isShipped = split == "train" && !FileManager.default.fileExists(atPath: file)
        let rows = try TaskRows.load(isShipped ? path + "/examples.jsonl" : file)
        return split == "train" ? Array(rows.prefix(rowLimit ?? rows.count)) : rows
    }

    /// The compressor of the recipe, if it needs no model.
    func modelFreeCompressor() throws -> (any TemplateCompressor)? {
        switch recipe.compressor {
        case .rules: RuleCompressor(forced: recipe.forced)
        case .files(let folder): try FileCompressor(folder: folder, schema: schema)
        case .command(let command): try CommandCompressor(command: command, cache: path + "/runs/templates")
        case .attribution, .selfInformation: nil
        }
    }

    /// The task's stages for another trainer: the prompts that `tune` trains on.
    func export(_ recipe: Recipe, settings: ExportSettings, validation: String?) throws -> StageExport {
        let sources = try sources(of: recipe)
        return try StageExport(
            recipe: recipe, schema: schema, encoder: encoder, rows: try rows("train"),
            heldOut: try validation.map { try TaskRows.load($0) } ?? [], compressor: sources.compressor,
            retriever: sources.retriever, settings: settings)
    }

    /// What shortens the template and what finds examples, as `tune` has them.
    func sources(of recipe: Recipe) throws -> (compressor: any TemplateCompressor, retriever: ExampleRetriever) {
        let shortens = try recipe.shortensTemplate()
        let ruled = RuleCompressor(forced: self.recipe.forced)
        let compressor = shortens ? try modelFreeCompressor() : ruled
        let hasBase = FileManager.default.fileExists(atPath: path + "/base/model.safetensors")
        if hasBase, compressor == nil || recipe.retrieval.method == .embeddings {
            let inputs = try TaskFolder(self).inputs(for: [recipe])
            return (inputs.compressor, inputs.retriever)
        }
        if compressor == nil {
            guard self.recipe.compressor == .attribution else {
                throw InternalizationError.setting("compressor: self-information needs the base model in \(path)/base")
            }
            put("template: there is no base model in \(path)/base, so the rules decide", to: .standardError)
        }
        return (
            compressor ?? ruled, try ExampleRetriever(bank: try rows("train"), settings: recipe.retrieval)
        )
    }

    /// The base model's shape.
    func model() throws -> ModelConfig {
        try ModelConfig(path: path + "/base/config.json")
    }
}
