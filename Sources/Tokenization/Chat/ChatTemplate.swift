import Foundation

/// Turns messages into the tokens that a model was tuned on, by the model folder's own chat template.
///
/// The template is rendered to text, and the text is encoded as a whole. A control token arises only where every byte
/// of its spelling was written by the template or by the model's configuration: text of a request that spells one,
/// alone or together with what stands beside it, is encoded as ordinary text. That is the one difference to the Python
/// packages, which forget who wrote what.
public struct ChatTemplate: Sendable {
    /// The Jinja text of plain ChatML, for `chat_template` in the `tokenizer_config.json` of a new model folder.
    public static let jinja =
        #"{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' "#
        + #"+ '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"#

    /// The tokens that end an answer: what the template puts after one, and the model's own end-of-text tokens.
    public let stopTokens: [Int32]

    /// Whether the template has a place for tools.
    public var takesTools: Bool { toolProgram != nil || program.mentionsTools }

    /// How the model writes the calls of tools; nil if the template has no place for tools, or speaks of another way.
    public var toolCallFormat: ToolCallFormat? { (toolProgram ?? program).toolCallFormat }

    private let tokenizer: Tokenizer
    private let program: TemplateProgram
    /// The template for conversations with tools, where the model has one of its own for them.
    private let toolProgram: TemplateProgram?

    /// Reads the template of the model in `modelFolder`: `chat_template.jinja`, else `chat_template` in
    /// `tokenizer_config.json`, which may be a list of named templates.
    public init(modelFolder: String, tokenizer: Tokenizer) throws(TokenizationError) {
        let folder = ModelFolder(path: modelFolder)
        let templates = try folder.chatTemplates()
        let tokens = try folder.namedTokens()
        self.tokenizer = tokenizer
        program = try TemplateProgram(templates.standard, tokens: tokens, file: templates.file)
        toolProgram = try templates.forTools.map { jinja throws(TokenizationError) in
            try TemplateProgram(jinja, tokens: tokens, file: templates.file)
        }
        let end = Self.endOfAnswer(program, tokenizer)
        let endOfText = try folder.endOfTextTokens(tokenizer)
        stopTokens = end + endOfText.filter { !end.contains($0) }
        guard !stopTokens.isEmpty else {
            throw .malformed(
                file: modelFolder + "/tokenizer_config.json", key: "eos_token",
                reason: "nothing says which token ends an answer: neither this key, nor eos_token_id in "
                    + "generation_config.json, nor a control token after an answer in the chat template")
        }
    }

    /// Plain ChatML for a tokenizer that has `<|im_start|>` and `<|im_end|>`.
    public init(tokenizer: Tokenizer) throws(TokenizationError) {
        for content in ["<|im_start|>", "<|im_end|>"]
        where !tokenizer.addedTokens.contains(where: { $0.content == content }) {
            throw .malformed(
                file: "tokenizer.json", key: "added_tokens", reason: "the tokenizer has no added token \(content)")
        }
        self.tokenizer = tokenizer
        program = try TemplateProgram(Self.jinja)
        toolProgram = nil
        stopTokens = Self.endOfAnswer(program, tokenizer)
    }

    /// The prompt's tokens, and where each message's text lies; with `addGenerationPrompt`, ready for the answer.
    ///
    /// - Throws: `refusedByTemplate` for a conversation that the template does not take, such as one with a system
    ///   message in a family without; `rendering` for a template that fails.
    public func encode(
        _ conversation: ChatConversation, addGenerationPrompt: Bool
    ) throws(TokenizationError) -> EncodedPrompt {
        let program = conversation.tools.isEmpty ? self.program : toolProgram ?? self.program
        let text = try program.render(conversation, addGenerationPrompt: addGenerationPrompt)
        return Self.encode(text, tokenizer, messages: conversation.messages.count)
    }

    /// The same for messages of nothing but text.
    public func encode(
        messages: [(role: String, text: [UInt8])], addGenerationPrompt: Bool
    ) throws(TokenizationError) -> EncodedPrompt {
        let messages = messages.map { ChatConversation.Message(role: $0.role, text: $0.text) }
        return try encode(ChatConversation(messages: messages), addGenerationPrompt: addGenerationPrompt)
    }

    private static func encode(_ text: TextValue, _ tokenizer: Tokenizer, messages: Int) -> EncodedPrompt {
        let origins = TextOrigins(text)
        let encoding = tokenizer.encode(text.bytes, isAtStart: true, keepsPlaces: true) { origins.isTemplate($0) }
        return EncodedPrompt(encoding, origins, messages: messages)
    }

    /// The added token that follows an answer, found by rendering one.
    private static func endOfAnswer(_ program: TemplateProgram, _ tokenizer: Tokenizer) -> [Int32] {
        let messages = [("user", "a"), ("assistant", "b")].map { role, text in
            ChatConversation.Message(role: role, text: Array(text.utf8))
        }
        let conversation = ChatConversation(messages: messages)
        guard let text = try? program.render(conversation, addGenerationPrompt: false) else { return [] }
        let prompt = encode(text, tokenizer, messages: messages.count)
        let added = Set(tokenizer.addedTokens.map(\.id))
        let rest = prompt.ids[prompt.messages[1].tokens.upperBound...]
        return prompt.messages[1].tokens.isEmpty ? [] : rest.first { added.contains($0) }.map { [$0] } ?? []
    }
}
