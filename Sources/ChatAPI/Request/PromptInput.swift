/// A prompt as completions and embeddings take it: text, or token ids of the model's own vocabulary.
public enum PromptInput: Hashable, Sendable {
    /// Text as UTF-8.
    case text([UInt8])
    /// Token ids, not checked against a vocabulary.
    case tokens([Int32])

    /// Most prompts of one request.
    static let limit = 128

    /// Reads a string, an array of strings, an array of token ids, or an array of such arrays.
    static func read(_ value: JSONValue, _ field: String) throws(RequestError) -> [PromptInput] {
        let inputs: [PromptInput]
        if let text = value.string?.text {
            inputs = [.text(Array(text.utf8))]
        } else if value.kind == .array, let first = value.elements.first(where: { _ in true }), first.kind == .number {
            inputs = [try tokens(value, field)]
        } else if value.kind == .array {
            var list: [PromptInput] = []
            for element in value.elements {
                if let text = element.string?.text {
                    list.append(.text(Array(text.utf8)))
                } else {
                    list.append(try tokens(element, field))
                }
                guard list.count <= limit else {
                    throw RequestError(.invalidValue, field, "'\(field)' holds more than \(limit) prompts; send fewer.")
                }
            }
            inputs = list
        } else {
            throw wrong(field)
        }
        guard !inputs.isEmpty else { throw wrong(field) }
        return inputs
    }

    private static func tokens(_ value: JSONValue, _ field: String) throws(RequestError) -> PromptInput {
        guard value.kind == .array else { throw wrong(field) }
        var ids: [Int32] = []
        for element in value.elements {
            guard let id = element.int.flatMap({ Int32(exactly: $0) }), id >= 0 else { throw wrong(field) }
            ids.append(id)
        }
        return .tokens(ids)
    }

    private static func wrong(_ field: String) -> RequestError {
        RequestError(
            .invalidType, field,
            "'\(field)' must be a string, an array of strings, an array of token ids, or an array of such arrays, and not "
                + "empty.")
    }
}
