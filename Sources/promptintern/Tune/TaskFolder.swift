import Configuration
import Engine
import Foundation
import Internalization
import PromptSchema
import Tokenization

/// A task folder opened for training: schema, base model, tokenizer, chat template.
struct TaskFolder {
    let path: String
    let schema: Schema
    let base: ModelWeights
    let encoder: PromptEncoder
    /// SHA-256 of the base model's weights file.
    let baseDigest: String

    /// Opens a folder with `schema.yaml` and `base/`.
    init(_ path: String) throws {
        self.path = path
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
        try TaskRows.load(path + "/data/" + split + ".jsonl")
    }

    /// A run of a recipe below `runs/`.
    func run(_ recipe: Recipe, threads: Int) throws -> InternalizationRun {
        try InternalizationRun(
            recipe: recipe, base: base, rows: try rows("train"), encoder: encoder, compressor: RuleCompressor(),
            runs: path + "/runs", inputs: [baseDigest], threads: threads)
    }

    /// The adapter that a finished run left in its last stage, as promotion would store it.
    func adapter(of run: InternalizationRun) throws -> LoRAAdapter {
        let folder = run.folder + "/stage-\(run.recipe.stages - 1)"
        guard FileManager.default.fileExists(atPath: folder) else {
            throw InternalizationError.run(
                folder: run.folder,
                reason: "is not finished; run `promptintern tune --task \(path) --arm \(run.recipe.arm.rawValue)`")
        }
        return try LoRAAdapter.load(folder: folder, model: base.config)
    }
}
