import Engine
import Foundation
import HouseBooks
import Internalization
import Randomness
import Tokenization

/// Makes the demo's base model folder: tokenizer, configuration, weights.
struct BaseModelBuild {
    let recipe: DemoRecipe
    let folder: String
    /// Where checkpoints of an unfinished training are kept.
    let checkpoints: String
    let threads: Int
    let report: (String) -> Void

    private static let specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

    /// Trains tokenizer and weights, going on from the newest checkpoint.
    func run() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let json = try BPETrainer(
            vocabularySize: recipe.vocabularySize, specialTokens: Self.specialTokens,
            requiredTokens: BPETrainer.digitPairs + Vocabulary.codedNames + ["system", "user", "assistant"],
            pattern: .gpt2DigitPairs
        ).train(Self.sampleTexts())
        let tokenizer = try Tokenizer(json: json)
        let template = try ChatTemplate(tokenizer: tokenizer)
        let model = recipe.model(vocabularySize: tokenizer.vocabularySize, endToken: template.stopTokens[0])
        let curriculum = BaseCurriculum(
            lesson: BaseLesson(tokenizer: tokenizer, template: template), seed: recipe.baseSeed,
            sequencesPerStep: recipe.sequencesPerStep, levels: recipe.curriculum)
        let weights = try BaseRun(
            plan: recipe.basePlan, model: model, source: curriculum, folder: checkpoints, threads: threads
        ).run { report($0.line) }
        try write(json, "tokenizer.json")
        try write(Array(try Self.tokenizerConfig().utf8), "tokenizer_config.json")
        try weights.save(folder: folder, precision: .bfloat16)
    }

    /// Books and questions that the vocabulary is counted on.
    private static func sampleTexts() -> [[UInt8]] {
        var random = SplitMix64(seed: 77)
        return (0..<300).map { number in
            let book = Book(seed: random.next(), size: number % 3 == 0 ? .full : BaseLesson.levels[3].size)
            let examples = (0..<20).map { _ in
                let question = Question(about: book, random: &random)
                return BookText.example(question: question.text, formula: question.formula)
            }
            return Array((BookText.head(book) + examples.joined() + BookText.tail).utf8)
        }
    }

    private static func tokenizerConfig() throws -> String {
        let values: [String: any Sendable] = [
            "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
            "chat_template": ChatTemplate.jinja, "model_max_length": 2_048, "clean_up_tokenization_spaces": false,
        ]
        let data = try JSONSerialization.data(
            withJSONObject: values, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name), options: .atomic)
    }
}
