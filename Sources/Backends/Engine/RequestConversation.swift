import ChatAPI
import Gateway
import PromptSchema
import Tokenization

extension ChatConversation {
    /// What a request asks a chat template to render; nil if the content of a message is not text.
    ///
    /// A call's `arguments` are an object to templates, where the API has the object's text.
    init?(_ chat: BackendRequest.Chat) {
        let root = chat.request.document.root
        var messages: [Message] = []
        if let plain = chat.messages {
            messages = plain.map { Message(role: $0.role.rawValue, text: $0.text) }
        } else {
            let values = root["messages"]?.elements.map { $0 } ?? []
            for (message, value) in zip(chat.request.messages, values) {
                guard let read = Self.message(message, value) else { return nil }
                messages.append(read)
            }
        }
        var options: [TemplateValue.Member] = []
        if let given = root["chat_template_kwargs"], case .object(let members)? = TemplateValue(given) {
            options = members
        }
        let wantsTools = root["tool_choice"]?.string.map { !($0 == "none") } ?? true
        let tools = wantsTools ? root["tools"]?.elements.compactMap { TemplateValue($0) } ?? [] : []
        self.init(messages: messages, tools: tools, options: options)
    }

    private static func message(_ message: ChatMessage, _ value: ChatAPI.JSONValue) -> Message? {
        guard let role = message.role, let texts = message.texts else { return nil }
        var text: [UInt8]?
        for part in texts {
            guard let bytes = part.string.utf8 else { return nil }
            text = (text ?? []) + bytes
        }
        var fields: [TemplateValue.Member] = []
        for (key, value) in value.members where !(key == "role") && !(key == "content") && !value.isNull {
            guard let name = key.utf8, let field = TemplateValue(value) else { return nil }
            fields.append(.init(name, key == "tool_calls" ? field.withReadArguments : field))
        }
        return Message(role: role, text: text, fields: fields)
    }
}

extension TemplateValue {
    /// The value of a request; nil if it holds a string that stands for no Unicode text.
    init?(_ value: ChatAPI.JSONValue) {
        try? self.init(json: Array(value.rawBytes))
    }

    /// The same with each `arguments` that is the text of an object in the place of that object.
    fileprivate var withReadArguments: TemplateValue {
        switch self {
        case .list(let values): return .list(values.map(\.withReadArguments))
        case .object(let members):
            return .object(
                members.map { member in
                    if member.key == Array("arguments".utf8), case .text(let text) = member.value,
                        let read = try? TemplateValue(json: text), case .object = read
                    {
                        return .init(member.key, read)
                    }
                    return .init(member.key, member.value.withReadArguments)
                })
        default: return self
        }
    }
}
