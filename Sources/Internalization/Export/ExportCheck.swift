import PromptSchema

/// Holds an export's rows against the limits of the tool that will read them; errors name file, line and key.
struct ExportCheck {
    let target: ExportTarget
    let limits: ExportLimits

    /// Checks a file as a whole.
    func check(path: String, rows: Int, bytes: Int) throws(InternalizationError) {
        if rows < limits.minimumRows {
            throw .file(
                path: path, reason: "has \(rows) rows; \(target.rawValue) needs at least \(limits.minimumRows)")
        }
        if let most = limits.maximumRows, rows > most {
            throw .file(path: path, reason: "has \(rows) rows; \(target.rawValue) takes at most \(most)")
        }
        if let most = limits.maximumBytes, bytes > most {
            throw .file(path: path, reason: "has \(bytes) bytes; \(target.rawValue) takes at most \(most)")
        }
    }

    /// Checks one row.
    func check(
        _ prompt: StagePrompts.Prompt, tokens: Int, isExact: Bool, path: String, line: Int
    ) throws(InternalizationError) {
        func refuse(_ reason: String) -> InternalizationError { .row(path: path, line: line, reason: reason) }
        if prompt.answer.isEmpty { throw refuse("key \"messages\": the answer is empty") }
        if let reason = turns(prompt.messages) { throw refuse(reason) }
        if let most = limits.maximumTokens, tokens > most {
            let count = isExact ? "\(tokens)" : "about \(tokens)"
            throw refuse(
                "key \"messages\": \(count) tokens; \(target.rawValue) takes at most \(most): "
                    + "shorten the template or use fewer examples")
        }
    }

    /// What is wrong with the order of the messages.
    private func turns(_ messages: [PromptMessage]) -> String? {
        guard let last = messages.last else { return "key \"messages\": there is no message left" }
        if last.role == .assistant { return "key \"messages[\(messages.count - 1)].role\": the answer follows another" }
        for (index, message) in messages.enumerated() {
            let key = "key \"messages[\(index)].role\""
            if message.role == .tool { return "\(key): is \"tool\", and no tool was called" }
            guard limits.needsTurns else { continue }
            if message.role == .system || message.role == .developer {
                guard index == 0 else { return "\(key): a system message has to stand first" }
                guard messages.count > 1 else { return "\(key): a user message has to follow" }
                continue
            }
            let number = messages[0].role == .system || messages[0].role == .developer ? index - 1 : index
            let wanted: Role = number % 2 == 0 ? .user : .assistant
            if message.role != wanted {
                return "\(key): is \"\(message.role.rawValue)\" where \"\(wanted.rawValue)\" has to stand"
            }
        }
        return nil
    }
}
