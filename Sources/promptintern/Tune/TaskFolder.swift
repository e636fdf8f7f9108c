import Configuration
import Engine
import Foundation
import Internalization
import PromptSchema

/// A task folder opened for training: its texts, and the base model's weights.
struct TaskFolder {
    /// Schema, recipe and rows.
    let texts: TaskTexts
    let base: ModelWeights
    let encoder: PromptEncoder
    /// SHA-256 of the base model's weights file.
    let baseDigest: String

    var path: String { texts.path }
    var schema: Schema { texts.schema }
    /// The task's recipe, with what the command line changed in it.
    var recipe: TaskRecipe { texts.recipe }
    /// Threads to compute on.
    var threads: Int { texts.threads }

    /// Opens the folder that the options name.
    init(_ options: RecipeOptions) throws {
        try self.init(TaskTexts(options))
    }

    /// Opens another folder with the same recipe.
    init(_ path: String, recipe: TaskRecipe, threads: Int) throws {
        try self.init(TaskTexts(path, recipe: recipe, threads: threads))
    }

    /// Reads the base model of a task.
    init(_ texts: TaskTexts) throws {
        self.texts = texts
        let folder = texts.path + "/base"
        guard let encoder = texts.encoder else {
            throw InternalizationError.file(
                path: folder + "/tokenizer.json", reason: "is missing; put the base model's folder there")
        }
        self.encoder = encoder
        try BLAS.load()
        base = try ModelWeights.load(folder: folder)
        baseDigest = try FileDigest.sha256(path: folder + "/model.safetensors")
    }

    /// The rows of a data file of the folder: "train", "dev" or "test".
    func rows(_ split: String) throws -> [TaskRow] { try texts.rows(split) }

    /// What runs of these recipes are trained from; the template's units are scored only if a stage shortens it.
    func inputs(for recipes: [Recipe]) throws -> TrainingInputs {
        let rows = try rows("train")
        let dev = FileManager.default.fileExists(atPath: path + "/data/dev.jsonl") ? try self.rows("dev") : []
        let plain = TrainingInputs(base: base, baseDigest: baseDigest, rows: rows, dev: dev, encoder: encoder)
        let shortens = try recipes.contains { try $0.shortensTemplate() }
        return TrainingInputs(
            base: base, baseDigest: baseDigest, rows: rows, dev: dev, encoder: encoder,
            compressor: shortens ? try compressor(plain) : RuleCompressor(forced: recipe.forced),
            retriever: try retriever(rows))
    }

    private func retriever(_ rows: [TaskRow]) throws -> ExampleRetriever {
        let settings = recipe.training.retrieval
        guard settings.method == .embeddings else { return try ExampleRetriever(bank: rows, settings: settings) }
        let embedder = try HiddenStateEmbedder(
            base: base, baseDigest: baseDigest, tokenizer: encoder.tokenizer, cache: path + "/runs/embeddings")
        return try ExampleRetriever(bank: rows, settings: settings, embedder: embedder)
    }

    private func compressor(_ inputs: TrainingInputs) throws -> any TemplateCompressor {
        if let compressor = try texts.modelFreeCompressor() { return compressor }
        if recipe.compressor == .selfInformation {
            return try SelfInformationCompressor(inputs: inputs, forced: recipe.forced)
        }
        let found = try AttributionCompressor(
            inputs: inputs, forced: recipe.forced, cache: path + "/runs/templates", threads: threads
        ) { done, all in
            if done == all || done % 20 == 0 { put("template: \(done) of \(all) units scored", to: .standardError) }
        }
        if !found.isTrusted {
            put(
                "template: the units' scores agree too little (rank correlation "
                    + String(format: "%.2f", found.correlation) + "), so the rules decide", to: .standardError)
        }
        return found
    }

    /// A run of a recipe below `runs/`.
    func run(_ recipe: Recipe, inputs: TrainingInputs? = nil) throws -> InternalizationRun {
        try InternalizationRun(
            recipe: recipe, inputs: try inputs ?? self.inputs(for: [recipe]), runs: path + "/runs", threads: threads)
    }

    /// The adapter that a finished run left in a stage, the last one unless told otherwise, as promotion stores it:
    /// what is evaluated is what is shipped.
    func adapter(of run: InternalizationRun, stage: Int? = nil) throws -> LoRAAdapter {
        try trained(run, stage: stage).rounded(to: Promotion.precision)
    }

    private func trained(_ run: InternalizationRun, stage: Int?) throws -> LoRAAdapter {
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
