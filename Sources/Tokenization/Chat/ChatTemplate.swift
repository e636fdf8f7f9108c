import Foundation

/// Turns messages into the tokens that a model was tuned on; the rendering equals that of the model folder's template.
///
/// Control tokens come from the template alone: text that spells one is encoded as ordinary text. That is the one
/// difference to the Python packages, which render to text first.
public struct ChatTemplate: Sendable {
    /// The Jinja text of the plain template, for `chat_template` in the `tokenizer_config.json` of a new model folder.
    public static let jinja = ChatMLForm.jinja

    /// The tokens that end an answer: the end of a message, and the model's own end-of-text tokens.
    public let stopTokens: [Int32]

    private let tokenizer: Tokenizer
    private let form: ChatMLForm
    private let startToken: Int32
    private let endToken: Int32

    /// Reads the template of the model in `modelFolder`: `chat_template.jinja`, else `chat_template` in
    /// `tokenizer_config.json`. Every template but ChatML is refused.
    public init(modelFolder: String, tokenizer: Tokenizer) throws(TokenizationError) {
        let folder = ModelFolder(path: modelFolder)
        let (jinja, file, key) = try folder.chatTemplate()
        guard let form = ChatMLForm(jinja: jinja) else {
            throw .unsupported(
                file: file, key: key, found: "this template",
                supported: "ChatML, character by character: \(ChatMLForm.jinja)")
        }
        try self.init(form: form, tokenizer: tokenizer, file: file, endOfText: folder.endOfTextTokens(tokenizer))
    }

    /// Plain ChatML for a tokenizer that has `<|im_start|>` and `<|im_end|>`.
    public init(tokenizer: Tokenizer) throws(TokenizationError) {
        try self.init(form: ChatMLForm(), tokenizer: tokenizer, file: "tokenizer.json", endOfText: [])
    }

    private init(
        form: ChatMLForm, tokenizer: Tokenizer, file: String, endOfText: [Int32]
    ) throws(TokenizationError) {
        func control(_ content: String) throws(TokenizationError) -> Int32 {
            guard let token = tokenizer.addedTokens.first(where: { $0.content == content }) else {
                throw .malformed(
                    file: file, key: "chat_template", reason: "the tokenizer has no added token \(content)")
            }
            return token.id
        }
        self.form = form
        self.tokenizer = tokenizer
        startToken = try control(ChatMLForm.start)
        let end = try control(ChatMLForm.end)
        endToken = end
        stopTokens = [end] + endOfText.filter { $0 != end }
    }

    /// The prompt's tokens, and where each message's text lies; with `addGenerationPrompt`, ready for the answer.
    public func encode(messages: [(role: String, text: [UInt8])], addGenerationPrompt: Bool) -> EncodedPrompt {
        var prompt = EncodedPrompt()
        if let system = form.defaultSystem, let first = messages.first, first.role != "system" {
            _ = append("system", system, to: &prompt)
        }
        for message in messages {
            prompt.messages.append(append(message.role, message.text, to: &prompt))
        }
        if addGenerationPrompt {
            prompt.ids.append(startToken)
            prompt.ids += tokenizer.encode(Array("assistant\n".utf8))
        }
        return prompt
    }

    private func append(_ role: String, _ text: [UInt8], to prompt: inout EncodedPrompt) -> EncodedPrompt.MessageSpan {
        let header = Array(role.utf8) + [0x0A]
        let encoding = tokenizer.encodeWithOffsets(header + text)
        prompt.ids.append(startToken)
        prompt.ids += encoding.tokens
        let starts = encoding.ranges.map { $0.lowerBound - header.count }.filter { $0 >= 0 }
        let end = prompt.ids.count
        prompt.ids.append(endToken)
        prompt.ids += tokenizer.encode([0x0A])
        return EncodedPrompt.MessageSpan(tokens: end - starts.count..<end, starts: starts)
    }
}
