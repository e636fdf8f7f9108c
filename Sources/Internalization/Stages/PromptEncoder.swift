public import PromptSchema
public import Tokenization

/// A prompt and its label as token ids.
public struct EncodedExample: Sendable, Equatable {
    /// The prompt, generation prompt included.
    public let prompt: [Int32]
    /// The label and the end token.
    public let answer: [Int32]

    /// A prompt with its label.
    public init(prompt: [Int32], answer: [Int32]) {
        self.prompt = prompt
        self.answer = answer
    }

    /// Tokens of prompt and label.
    public var count: Int { prompt.count + answer.count }
}

/// Turns a task's rows into token ids, with the same schema and chat template that the gateway strips and serves by.
public struct PromptEncoder: Sendable {
    /// The task's schema.
    public let schema: Schema
    /// The base model's tokenizer and chat template.
    public let tokenizer: Tokenizer
    /// The base model's chat template.
    public let template: ChatTemplate

    /// An encoder for one task and one base model.
    public init(schema: Schema, tokenizer: Tokenizer, template: ChatTemplate) {
        self.schema = schema
        self.tokenizer = tokenizer
        self.template = template
    }

    /// A row's prompt with what is left of the template and with the given examples, and its label.
    ///
    /// - Parameter literals: what is left of each literal; nil for the whole template.
    public func encode(
        _ row: TaskRow, examples: [TaskRow], literals: [Int: [UInt8]]?
    ) throws(InternalizationError) -> EncodedExample {
        let messages = try schema.messages(for: row, examples: examples, literals: literals)
        return try encode(StagePrompts.Prompt(messages: messages, answer: row.answer))
    }

    /// A rendered prompt as token ids, and its label with the end token.
    public func encode(_ rendered: StagePrompts.Prompt) throws(InternalizationError) -> EncodedExample {
        let prompt: EncodedPrompt
        do throws(TokenizationError) {
            prompt = try template.encode(
                messages: rendered.messages.map { ($0.role.rawValue, $0.text) }, addGenerationPrompt: true)
        } catch {
            throw .setting("schema \(schema.id): the base model's chat template cannot render a prompt: \(error)")
        }
        let answer = tokenizer.encode(Array(rendered.answer.utf8)) + [template.stopTokens[0]]
        return EncodedExample(prompt: prompt.ids, answer: answer)
    }

    /// Tokens of some text, for compressors.
    public func count(_ text: [UInt8]) -> Int {
        tokenizer.count(text)
    }
}
