/// What a chat template renders: messages, and the tools that the model may use.
public struct ChatConversation: Sendable {
    /// One message.
    public struct Message: Sendable {
        /// Who speaks. Templates see `developer` as `system`, of which it is the API's newer name.
        public var role: String
        /// The text, as UTF-8; nil for a message without one.
        public var text: [UInt8]?
        /// What else the message has, by name: `tool_calls`, `tool_call_id`, `name`.
        public var fields: [TemplateValue.Member]

        /// A message.
        public init(role: String, text: [UInt8]?, fields: [TemplateValue.Member] = []) {
            self.role = role
            self.text = text
            self.fields = fields
        }

        func jinja(index: Int) -> JinjaValue {
            var dictionary = JinjaDictionary()
            let role = role == "developer" ? "system" : role
            dictionary.set("role", .text(TextValue(Array(role.utf8), .input)))
            dictionary.set("content", text.map { .text(TextValue($0, .message(index))) } ?? .none)
            for field in fields {
                dictionary.set(.text(TextValue(field.key, .input)), field.value.jinja(.input))
            }
            return .dictionary(dictionary)
        }
    }

    /// The messages, in order.
    public var messages: [Message]
    /// Descriptions of tools, as the API writes them; empty for none.
    public var tools: [TemplateValue]
    /// Further names that the template sees, such as `enable_thinking`.
    public var options: [TemplateValue.Member]

    /// A conversation.
    public init(messages: [Message], tools: [TemplateValue] = [], options: [TemplateValue.Member] = []) {
        self.messages = messages
        self.tools = tools
        self.options = options
    }
}
