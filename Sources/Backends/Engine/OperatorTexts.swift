import PromptSchema
import Synchronization
import Tokenization

/// The beginnings of tasks' prompts that are the operator's own text, as tokens: rendered once, not with each request.
final class OperatorTexts: Sendable {
    private struct Entry: Sendable {
        let messages: [PromptMessage]
        /// Empty where the template does not take them.
        let tokens: [Int32]
    }

    /// A task has one, or one for each number of examples that its clients show.
    private static let limit = 64

    private let template: ChatTemplate
    /// The one used last stands last.
    private let entries = Mutex<[Entry]>([])

    init(_ template: ChatTemplate) {
        self.template = template
    }

    /// How many of the prompt's first tokens are the same whatever the caller wrote: those it has in common with the
    /// operator's own text.
    func shared(with prompt: [Int32], _ messages: [PromptMessage]) -> Int {
        guard !messages.isEmpty else { return 0 }
        let own = tokens(messages)
        var count = 0
        while count < min(prompt.count, own.count), prompt[count] == own[count] { count += 1 }
        return count
    }

    private func tokens(_ messages: [PromptMessage]) -> [Int32] {
        let known = entries.withLock { entries -> Entry? in
            guard let place = entries.lastIndex(where: { $0.messages == messages }) else { return nil }
            if place != entries.count - 1 { entries.append(entries.remove(at: place)) }
            return entries.last
        }
        if let known { return known.tokens }
        let texts = messages.map { (role: $0.role.rawValue, text: $0.text) }
        let tokens = (try? template.encode(messages: texts, addGenerationPrompt: false))?.ids ?? []
        entries.withLock { entries in
            entries.append(Entry(messages: messages, tokens: tokens))
            if entries.count > Self.limit { entries.removeFirst() }
        }
        return tokens
    }
}
