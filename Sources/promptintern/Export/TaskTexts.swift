import Configuration
import Engine
import Foundation
import Internalization
import PromptSchema
import Tokenization

/// A task folder opened for its texts: the base model's weights are not needed, and its tokenizer only if it is there.
struct TaskTexts {
    let path: String
    let schema: Schema
    /// The base model's tokenizer and chat template; nil if the task has no base model.
    let encoder: PromptEncoder?

    /// Opens a folder with `schema.yaml`, and reads `base/tokenizer.json` if there is one.
    init(_ path: String) throws {
        self.path = path
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

    /// The task's stages for another trainer.
    func export(
        _ recipe: Recipe, settings: ExportSettings, validation: String?
    ) throws -> StageExport {
        try StageExport(
            recipe: recipe, schema: schema, encoder: encoder, rows: try TaskRows.load(path + "/data/train.jsonl"),
            heldOut: try validation.map { try TaskRows.load($0) } ?? [], compressor: RuleCompressor(),
            settings: settings)
    }

    /// The base model's shape.
    func model() throws -> ModelConfig {
        try ModelConfig(path: path + "/base/config.json")
    }
}
