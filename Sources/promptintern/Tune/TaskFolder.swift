import Configuration
import Engine
import Foundation
import Internalization
import PromptSchema
import Tokenization

/// A task folder opened for training: schema, recipe, base model, tokenizer, chat template.
struct TaskFolder {
    let path: String
    let schema: Schema
    /// The task's recipe, with what the command line changed in it.
    let recipe: TaskRecipe
    let base: ModelWeights
    let encoder: PromptEncoder
    /// SHA-256 of the base model's weights file.
    let baseDigest: String
    /// Threads to compute on.
    let threads: Int
    private let rowLimit: Int?

    /// Opens the folder that the options name.
    init(_ options: RecipeOptions) throws {
        try self.init(
            options.task, recipe: options.recipe(), threads: options.threads, rowLimit: options.rows)
    }

    /// Opens a folder with `schema.yaml` and `base/`.
    init(_ path: String, recipe: TaskRecipe, threads: Int = 2, rowLimit: Int? = nil) throws {
        self.path = path
        self.recipe = recipe
        self.threads = threads
        self.rowLimit = rowLimit
        schema = try SchemaFile.load(path: path + "/schema.yaml")
        try BLAS.load()
        base = try ModelWeights.load(folder: path + "/base")
        baseDigest = try FileDigest.sha256(path: path + "/base/model.safetensors")
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

    /// What runs of these recipes are trained from; the template's units are scored only if a stage shortens it.
    func inputs(for recipes: [Recipe]) throws -> TrainingInputs {
        let rows = try rows("train")
        let dev = FileManager.default.fileExists(atPath: path + "/data/dev.jsonl") ? try self.rows("dev") : []
        let plain = TrainingInputs(base: base, baseDigest: baseDigest, rows: rows, dev: dev, encoder: encoder)
        let shortens = try recipes.contains { try $0.shortensTemplate() }
        return TrainingInputs(
            base: base, baseDigest: baseDigest, rows: rows, dev: dev, encoder: encoder,
            compressor: shortens ? try compressor(plain) : RuleCompressor(forced: recipe.forced),
            retriever: try ExampleRetriever(bank: rows, settings: recipe.training.retrieval))
    }

    private func compressor(_ inputs: TrainingInputs) throws -> any TemplateCompressor {
        let cache = path + "/runs/templates"
        switch recipe.compressor {
        case .rules: return RuleCompressor(forced: recipe.forced)
        case .attribution:
            let found = try AttributionCompressor(inputs: inputs, forced: recipe.forced, cache: cache, threads: threads)
            {
                done, all in
                if done == all || done % 20 == 0 { put("template: \(done) of \(all) units scored", to: .standardError) }
            }
            if !found.isTrusted {
                put(
                    "template: the units' scores agree too little (rank correlation "
                        + String(format: "%.2f", found.correlation) + "), so the rules decide", to: .standardError)
            }
            return found
        case .selfInformation: return try SelfInformationCompressor(inputs: inputs, forced: recipe.forced)
        case .files(let folder): return try FileCompressor(folder: folder, schema: schema)
        case .command(let command): return try CommandCompressor(command: command, cache: cache)
        }
    }

    /// A run of a recipe below `runs/`.
    func run(_ recipe: Recipe, inputs: TrainingInputs? = nil) throws -> InternalizationRun {
        try InternalizationRun(
            recipe: recipe, inputs: try inputs ?? self.inputs(for: [recipe]), runs: path + "/runs", threads: threads)
    }

    /// The adapter that a finished run left in a stage, the last one unless told otherwise.
    func adapter(of run: InternalizationRun, stage: Int? = nil) throws -> LoRAAdapter {
        let number = try stage ?? run.recipe.resolvedStages().count - 1
        let folder = run.folder + "/stage-\(number)"
        guard FileManager.default.fileExists(atPath: folder) else {
            if stage == nil, let shipped = try shippedAdapter(run.recipe) {
                return try LoRAAdapter.load(folder: shipped, model: base.config)
            }
            throw InternalizationError.run(
                folder: run.folder,
                reason: "is not finished; run `promptintern tune --task \(path) --arm \(run.recipe.arm.rawValue)` with "
                    + "the same settings, or `promptintern eval --train`")
        }
        return try LoRAAdapter.load(folder: folder, model: base.config)
    }

    /// The folder of the adapter that came with the task for a recipe's arm: `adapter` for the promoted one, else one
    /// in `adapters`. Nil if there is none, or if the command line changed the task's recipe.
    private func shippedAdapter(_ recipe: Recipe) throws -> String? {
        let own = try RecipeFile.load(taskFolder: path).training
        var asked = recipe
        asked.arm = own.arm
        guard asked == own else { return nil }
        let folder = path + (recipe.arm == own.arm ? "/adapter" : "/adapters/" + recipe.arm.rawValue)
        return FileManager.default.fileExists(atPath: folder + "/adapter_model.safetensors") ? folder : nil
    }
}
