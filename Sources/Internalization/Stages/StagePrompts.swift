public import PromptSchema

/// The texts of one stage: every row's messages under the stage's template and number of examples, and its label.
///
/// `StageCorpus` has their token ids; an export has them as another trainer's files.
public struct StagePrompts: Sendable {
    /// A prompt and its label.
    public struct Prompt: Sendable, Equatable {
        /// The messages, without those that the stage leaves empty.
        public let messages: [PromptMessage]
        /// The label; the same in every stage.
        public let answer: String

        /// A prompt with its label.
        public init(messages: [PromptMessage], answer: String) {
            self.messages = messages
            self.answer = answer
        }
    }

    /// The stage.
    public let stage: Stage
    /// What the template was shortened to.
    public let template: CompressedTemplate
    /// One prompt a row, in the order of the data set.
    public let prompts: [Prompt]

    /// Renders the stage's prompts; examples are the nearest by label.
    ///
    /// - Parameter countTokens: the tokens of a text, for the compressor.
    public init(
        stage: Stage, rows: [TaskRow], schema: Schema, compressor: any TemplateCompressor,
        retriever: ExampleRetriever, countTokens: ([UInt8]) -> Int
    ) throws(InternalizationError) {
        self.stage = stage
        template = try compressor.compress(schema, rate: stage.templateRate, countTokens: countTokens)
        var prompts: [Prompt] = []
        prompts.reserveCapacity(rows.count)
        for row in rows {
            let chosen =
                stage.exampleCount == 0 ? [] : retriever.examples(forTraining: row, count: stage.exampleCount)
            prompts.append(
                Prompt(
                    messages: try schema.messages(for: row, examples: chosen, literals: template.literals),
                    answer: row.answer))
        }
        self.prompts = prompts
    }
}

extension Schema {
    /// A row's prompt with what is left of the template and with the given examples.
    ///
    /// - Parameter literals: what is left of each literal; nil for the whole template.
    func messages(
        for row: TaskRow, examples: [TaskRow], literals: [Int: [UInt8]]?
    ) throws(InternalizationError) -> [PromptMessage] {
        let parts = PromptParts(
            query: row.query,
            examples: examples.map { .custom(Example(input: $0.query, output: $0.answer)) })
        do throws(SchemaError) {
            return try renderStage(parts, replacing: literals ?? [:])
        } catch {
            throw .setting("schema \(id): a prompt cannot be rendered: \(error.description)")
        }
    }
}
