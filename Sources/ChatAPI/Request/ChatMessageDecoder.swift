/// Reads one message object and records the features it asks for.
struct ChatMessageDecoder {
    private var role: String?
    private var content = ChatMessage.Content.absent
    private var name: JSONString?
    private var toolCallID: JSONString?
    private var hasToolCalls = false
    private var features: Set<Feature> = []

    private enum Field: String, CaseIterable {
        static let table = JSONKeyTable<Field>()

        case role, content, name, refusal, audio, annotations
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
        case functionCall = "function_call"
    }

    /// - Parameter index: the message's place in the list, for error texts.
    static func decode(
        _ value: JSONValue, index: Int, features: inout Set<Feature>
    ) throws(RequestError) -> ChatMessage {
        var decoder = ChatMessageDecoder()
        if value.kind == .object {
            try decoder.read(value, index: index)
        } else {
            decoder.content = .other
            decoder.features.insert(.malformed("messages"))
        }
        if !decoder.features.isEmpty { features.formUnion(decoder.features) }
        return decoder.message(value)
    }

    private func message(_ value: JSONValue) -> ChatMessage {
        let hasText =
            switch content {
            case .text, .parts: true
            case .absent, .other: false
            }
        return ChatMessage(
            range: value.range, role: role, content: content, name: name, toolCallID: toolCallID,
            hasToolCalls: hasToolCalls,
            isPlain: role != nil && hasText && name == nil && toolCallID == nil && features.isEmpty)
    }

    private mutating func read(_ value: JSONValue, index: Int) throws(RequestError) {
        var seen: UInt64 = 0
        var members = value.members
        while let (key, value) = members.next() {
            guard let (field, bit) = Field.table.find(key) else {
                if !isVacant(value) { features.insert(.unknown(key, in: "messages.")) }
                continue
            }
            guard seen & bit == 0 else { throw .duplicate("messages[\(index)].\(field.rawValue)") }
            seen |= bit
            switch field {
            case .role:
                role = value.string?.text
            case .content:
                content = try readContent(value, index: index)
            case .name:
                name = value.string
                if name == nil, !value.isNull { features.insert(.malformed("messages.name")) }
            case .toolCallID:
                toolCallID = value.string
                if !value.isNull { features.insert(.tools) }
            case .toolCalls, .functionCall:
                if !isVacant(value) {
                    hasToolCalls = true
                    features.insert(.tools)
                }
            case .refusal, .audio, .annotations:
                if !isVacant(value) { features.insert(field == .audio ? .audio : .unknown(key, in: "messages.")) }
            }
        }
        if role == nil { features.insert(.malformed("messages.role")) }
    }

    private mutating func readContent(
        _ value: JSONValue, index: Int
    ) throws(RequestError) -> ChatMessage.Content {
        switch value.kind {
        case .null:
            return .absent
        case .string:
            return value.string.map { .text(text($0, part: nil)) } ?? .other
        case .array:
            var texts: [ChatMessage.Text] = []
            var allText = true
            for element in value.elements {
                if let text = try readPart(element, index: index) {
                    texts.append(text)
                } else {
                    allText = false
                }
            }
            if allText { return .parts(texts) }
            features.insert(.nonTextContent)
            return .other
        default:
            features.insert(.nonTextContent)
            return .other
        }
    }

    /// The text of a part of type text; nil for any other part.
    private mutating func readPart(_ value: JSONValue, index: Int) throws(RequestError) -> ChatMessage.Text? {
        var isText: Bool?
        var string: JSONString?
        var members = value.members
        while let (key, value) = members.next() {
            if key == "type" {
                guard isText == nil else { throw .duplicate("messages[\(index)].content.type") }
                isText = value.string.map { $0 == "text" } ?? false
            } else if key == "text" {
                guard string == nil else { throw .duplicate("messages[\(index)].content.text") }
                string = value.string
            } else if !isVacant(value), !(key == "prompt_cache_breakpoint") {
                features.insert(.unknown(key, in: "messages.content."))
            }
        }
        guard isText == true, let string else { return nil }
        return text(string, part: value.range)
    }

    private mutating func text(_ string: JSONString, part: Range<Int>?) -> ChatMessage.Text {
        if !string.isUnicode { features.insert(.unreadableText) }
        return ChatMessage.Text(string: string, part: part)
    }

    /// True for `null` and the empty array: as good as absent.
    private func isVacant(_ value: JSONValue) -> Bool {
        value.isNull || value.kind == .array && value.elements.first(where: { _ in true }) == nil
    }
}
