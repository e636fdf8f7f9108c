import Foundation
public import PromptSchema
public import Tokenization

/// Trains a base model's tokenizer on its recipe's sources and the task's template.
public enum BaseVocabulary {
    private static let specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

    /// The bytes of `tokenizer.json`: byte-level BPE over the rows, each source counted by its share of a step's rows.
    public static func tokenizer(
        _ recipe: BaseRecipe, rows: [[TaskRow]], schema: Schema
    ) throws(TokenizationError) -> [UInt8] {
        let least = zip(recipe.sources, rows).map { Double($0.rowsPerStep) / Double(max(1, $1.count)) }.min() ?? 1
        var texts = schema.literals.map(\.text)
        for (source, rows) in zip(recipe.sources, rows) where source.prompt == .query {
            let share = Double(source.rowsPerStep) / Double(max(1, rows.count)) / least
            for row in rows {
                let text = Array((row.query + "\n" + row.answer).utf8)
                for _ in 0..<max(1, min(8, Int(share.rounded()))) { texts.append(text) }
            }
        }
        return try BPETrainer(
            vocabularySize: recipe.vocabularySize, specialTokens: specialTokens,
            requiredTokens: BPETrainer.digitPairs + ["system", "user", "assistant"], pattern: .gpt2DigitPairs
        ).train(texts)
    }

    /// The text of `tokenizer_config.json`: ChatML, ended by `<|im_end|>`.
    public static func configuration() throws -> String {
        let values: [String: any Sendable] = [
            "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
            "chat_template": ChatTemplate.jinja, "model_max_length": 2_048, "clean_up_tokenization_spaces": false,
        ]
        let data = try JSONSerialization.data(
            withJSONObject: values, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
