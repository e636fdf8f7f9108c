import Engine
import HouseBooks
import Internalization
import PromptSchema
import Tokenization
import Tuning

/// A house book of two functions and three names of each kind, a tokenizer for it and a tiny random model.
struct SmallTask {
    let rows: [TaskRow]
    let heldOut: [TaskRow]
    let encoder: PromptEncoder
    let base: ModelWeights

    init() throws {
        try BLAS.load()
        let size = Book.Size(functions: 2, branches: 3, accounts: 3, months: 3, isExplained: false)
        let task = HouseTask(bookSeed: 9, size: size)
        func questions(_ split: HouseTask.Split, _ count: Int) -> [TaskRow] {
            task.questions(split, count: count).map {
                TaskRow(query: $0.text, answer: $0.formula, group: $0.meaning)
            }
        }
        rows = questions(.train, 96)
        heldOut = questions(.test, 24)
        let head = BookText.head(task.book)
        let block = ExampleBlock(
            prefix: Array(BookText.examplePrefix.utf8), separator: Array(BookText.exampleSeparator.utf8),
            suffix: Array(BookText.exampleSuffix.utf8),
            bank: rows.map { Example(input: $0.query, output: $0.answer) })
        let schema = try Schema(
            id: "small", version: "1",
            messages: [
                MessagePattern(
                    role: .system, parts: [.template(head), .examples(block), .template(BookText.tail)]),
                MessagePattern(role: .user, parts: [.query()]),
            ])
        let texts = rows.map { Array((head + $0.query + $0.answer).utf8) }
        let json = try BPETrainer(
            vocabularySize: 512, specialTokens: ["<|im_start|>", "<|im_end|>"],
            requiredTokens: BPETrainer.digitPairs
        ).train(texts)
        let tokenizer = try Tokenizer(json: json)
        let template = try ChatTemplate(tokenizer: tokenizer)
        encoder = PromptEncoder(schema: schema, tokenizer: tokenizer, template: template)
        base = .random(
            ModelConfig(
                vocabularySize: tokenizer.vocabularySize, hiddenSize: 64, intermediateSize: 128, layerCount: 2,
                headCount: 2, keyValueHeadCount: 1, headSize: 32, maximumPositions: 1_024,
                endTokens: [template.stopTokens[0]]),
            seed: 3, deviation: 0.08, residualDeviation: 0.04, embeddingDeviation: 0.1)
    }

    /// What runs are trained from; `dev` are the held-out rows.
    func inputs(compressor: any TemplateCompressor = RuleCompressor()) -> TrainingInputs {
        TrainingInputs(
            base: base, baseDigest: "base", rows: rows, dev: heldOut, encoder: encoder, compressor: compressor)
    }

    func run(_ recipe: Recipe, runs: String) throws -> InternalizationRun {
        try InternalizationRun(recipe: recipe, inputs: inputs(), runs: runs)
    }
}
