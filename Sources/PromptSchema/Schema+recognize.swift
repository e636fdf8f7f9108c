extension Schema {
    /// What the messages are under this schema alone: an instance of it in exactly one way, or unknown.
    public func recognize(_ messages: [PromptMessage]) -> Recognition {
        do throws(SchemaMatcher.Failure) {
            return .task(recognized(try matcher.match(messages)))
        } catch {
            return .unknown(failure(error, messages).reason)
        }
    }

    func recognized(_ segments: [Segment]) -> RecognizedPrompt {
        RecognizedPrompt(taskID: id, version: version, fingerprint: fingerprint, segments: segments)
    }

    /// The reason that callers see: that of the failure if the request opens like this schema's template.
    func failure(_ error: SchemaMatcher.Failure, _ messages: [PromptMessage]) -> SchemaIndex.Failure {
        guard error.failure.isParse || opensLike(messages) else { return SchemaIndex.Failure(reason: .noSchema) }
        if error.isShape { return SchemaIndex.Failure(reason: .messages(task: id)) }
        let reason = error.failure.reason(task: id, message: error.message)
        return SchemaIndex.Failure(reason: reason, expected: error.failure.expected)
    }

    private func opensLike(_ messages: [PromptMessage]) -> Bool {
        guard let anchor = matcher.anchor, anchor < messages.count else { return false }
        let text = messages[anchor].text
        for variant in matcher.messages[anchor] {
            let head = variant.head.bytes
            let common = commonPrefixLength(head, text, at: 0, end: text.count)
            if common >= min(SimilarOpenings.openingLength, head.count) { return true }
        }
        return SimilarOpenings([self]).find(in: messages) != nil
    }
}

extension SchemaMatcher.Failure {
    /// A rank: parses beyond a limit or ambiguous, then how far into the message list the schema could be followed.
    var progress: (Int, Int, Int) {
        if isShape { return (0, 0, 0) }
        return (failure.isParse ? 2 : 1, message, failure.offset)
    }
}
