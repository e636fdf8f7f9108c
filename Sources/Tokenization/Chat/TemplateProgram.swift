public import Foundation

/// A chat template read from a model folder: Jinja, carried out in a sandbox.
public struct TemplateProgram: Sendable {
    /// Whether the template speaks of tools at all.
    let mentionsTools: Bool
    /// How its model writes the calls of tools, if that is one of the known ways.
    let toolCallFormat: ToolCallFormat?
    private let statements: [JinjaStatement]
    /// Texts of the model's own, such as `bos_token`, by the names that templates know.
    private let tokens: [String: String]

    /// Reads the text of a template.
    ///
    /// - Parameters:
    ///   - tokens: the model's named tokens; their text may become control tokens.
    ///   - file: the file's name, for errors.
    public init(
        _ jinja: String, tokens: [String: String] = [:], file: String = "chat_template"
    ) throws(TokenizationError) {
        do throws(JinjaError) {
            statements = try JinjaParser.parse(Array(jinja.utf8))
        } catch {
            throw .malformed(file: file, key: "chat_template, line \(error.line)", reason: error.reason)
        }
        self.tokens = tokens
        mentionsTools = jinja.contains("tools")
        toolCallFormat = mentionsTools ? ToolCallFormat(jinja: jinja) : nil
    }

    /// The text that the template makes of a conversation, as model libraries render it.
    ///
    /// - Parameter now: what `strftime_now` tells.
    public func text(
        _ conversation: ChatConversation, addGenerationPrompt: Bool, now: Date = Date()
    ) throws(TokenizationError) -> [UInt8] {
        try render(conversation, addGenerationPrompt: addGenerationPrompt, now: now).bytes
    }

    func render(
        _ conversation: ChatConversation, addGenerationPrompt: Bool, now: Date = Date()
    ) throws(TokenizationError) -> TextValue {
        var inputs = JinjaDictionary()
        for (name, text) in tokens { inputs.set(name, .text(TextValue(text))) }
        for option in conversation.options {
            inputs.set(.text(TextValue(option.key, .input)), option.value.jinja(.input))
        }
        inputs.set("messages", .list(conversation.messages.enumerated().map { $0.element.jinja(index: $0.offset) }))
        let tools = conversation.tools.map { $0.jinja(.input) }
        inputs.set("tools", tools.isEmpty ? .none : .list(tools))
        inputs.set("documents", .none)
        inputs.set("add_generation_prompt", .bool(addGenerationPrompt))
        do throws(JinjaError) {
            return try JinjaEvaluator.render(statements, inputs: inputs, now: now)
        } catch {
            if error.isRefusal { throw .refusedByTemplate(message: error.reason) }
            throw .rendering(line: error.line, reason: error.reason)
        }
    }
}
