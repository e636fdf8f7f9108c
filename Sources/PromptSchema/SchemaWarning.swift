/// Something in a valid schema that its owner should look at before a prompt is stripped by it.
public enum SchemaWarning: Sendable, Hashable {
    /// A literal that is removed contains words of a guardrail.
    case guardrail(literal: Int, word: String)
    /// So little text is removed that other requests may open the same way.
    case shortTemplate(bytes: Int)
    /// Two texts that stay would be joined without anything between them.
    case joinedText(message: Int)
    /// Examples that nobody checked are removed.
    case stripsUnknownExamples
}

extension SchemaWarning: CustomStringConvertible {
    /// What to look at, and what to do about it.
    public var description: String {
        switch self {
        case .guardrail(let literal, let word):
            "template \(literal + 1) says '\(word)' and is removed; if it guards something, give it keep: true"
        case .shortTemplate(let bytes):
            "the template has only \(bytes) bytes; other requests may look the same, so make it longer"
        case .joinedText(let message):
            "in message \(message + 1) two kept texts would touch when stripped; keep the template text between them"
        case .stripsUnknownExamples:
            "examples that the bank does not hold are removed unseen; prefer full_prompt or keep"
        }
    }
}

extension Schema {
    /// What the schema's owner should look at, in the order of the prompt.
    public var warnings: [SchemaWarning] {
        var found: [SchemaWarning] = []
        for literal in literals where !literal.keep {
            let text = String(decoding: literal.text, as: UTF8.self).lowercased()
            for word in Self.guardrailWords where Self.contains(text, word) {
                found.append(.guardrail(literal: literal.number, word: word))
                break
            }
        }
        let bytes = literals.reduce(0) { $0 + $1.text.count }
        if bytes < 24 { found.append(.shortTemplate(bytes: bytes)) }
        for (index, message) in messages.enumerated() where joinsText(message) {
            found.append(.joinedText(message: index))
        }
        let hasExamples = exampleBlock != nil || exampleTurns != nil
        if hasExamples, unknownExamples == .strip { found.append(.stripsUnknownExamples) }
        return found
    }

    private static let guardrailWords = [
        "must not", "must never", "never", "do not reveal", "confidential", "pii", "personal data", "refuse",
    ]

    private func joinsText(_ message: MessagePattern) -> Bool {
        var previousIsSlot = false
        for part in message.parts {
            switch part {
            case .template(_, let keep): if keep { previousIsSlot = false }
            case .examples: continue
            case .context, .query:
                if previousIsSlot { return true }
                previousIsSlot = true
            }
        }
        return false
    }

    /// Whether the words stand in the text as words.
    private static func contains(_ text: String, _ words: String) -> Bool {
        let text = Array(text.utf8)
        let words = Array(words.utf8)
        func isLetter(_ index: Int) -> Bool {
            text.indices.contains(index) && (0x61...0x7A).contains(text[index])
        }
        return LiteralSearch(words).places(in: text, text.indices).contains { place in
            !isLetter(place - 1) && !isLetter(place + words.count)
        }
    }
}
