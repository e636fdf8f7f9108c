extension Schema {
    /// The parts of a prompt that this schema recognized; rendering them gives the prompt back, up to line endings.
    ///
    /// - Parameters:
    ///   - recognized: What `recognize` returned for exactly these messages.
    ///   - messages: The messages of the request.
    public func parts(of recognized: RecognizedPrompt, in messages: [PromptMessage]) -> PromptParts {
        var parts = PromptParts(query: [UInt8]())
        var skipped: Int?
        for segment in recognized.segments {
            let text = messages[segment.message].text
            switch segment.kind {
            case .template: continue
            case .context: parts.contexts[segment.slot ?? ""] = Array(text[segment.range])
            case .query: parts.query = Array(text[segment.range])
            case .examples:
                if exampleTurns != nil {
                    // Each pair has two segments; the second adds nothing.
                    if skipped == segment.message { continue }
                    skipped = segment.message + 1
                }
                if let row = segment.example {
                    parts.examples.append(.bank(row))
                } else if let example = unknownExample(segment, in: messages) {
                    parts.examples.append(.custom(example))
                }
            }
        }
        return parts
    }

    private func unknownExample(_ segment: Segment, in messages: [PromptMessage]) -> Example? {
        if exampleTurns != nil { return matcher.turnsExample(messages, at: segment.message) }
        for matcher in matcher.messages.flatMap({ $0.compactMap(\.blockMatcher) }) {
            if let example = matcher.example(in: messages[segment.message].text, segment.range) { return example }
        }
        return nil
    }
}
