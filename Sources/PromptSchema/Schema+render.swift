/// One template literal of a schema, in the order of the prompt.
public struct SchemaLiteral: Sendable, Hashable {
    /// Its number, counted over the whole schema from zero.
    public let number: Int
    /// The message pattern and the part that it stands in.
    public let message: Int, part: Int
    /// Its bytes as written in the schema.
    public let text: [UInt8]
    /// Whether stripping keeps it.
    public let keep: Bool
}

extension Schema {
    /// The template literals, in the order of the prompt.
    public var literals: [SchemaLiteral] {
        var found: [SchemaLiteral] = []
        for (message, pattern) in messages.enumerated() {
            for (index, part) in pattern.parts.enumerated() {
                guard case .template(let text, let keep) = part else { continue }
                found.append(
                    SchemaLiteral(number: found.count, message: message, part: index, text: text, keep: keep))
            }
        }
        return found
    }

    /// The full prompt with these parts; the inverse of `recognize`.
    ///
    /// Recognizing the result gives the parts back, unless their text makes it ambiguous or breaks a limit: then it is
    /// unknown.
    public func render(_ parts: PromptParts) throws(SchemaError) -> [PromptMessage] {
        try render(parts, replacing: [:], omitsEmpty: false)
    }

    /// A training prompt: with some literals replaced (shrunk, or emptied), and without messages that become empty.
    ///
    /// With every literal that is not kept replaced by nothing, and without examples, this is what `strip` leaves of the
    /// full prompt.
    ///
    /// - Parameters:
    ///   - replacements: New bytes for literals, by their number in `literals`.
    public func renderStage(
        _ parts: PromptParts, replacing replacements: [Int: [UInt8]]
    ) throws(SchemaError) -> [PromptMessage] {
        let known = literals
        for number in replacements.keys.sorted() {
            guard known.indices.contains(number) else { throw .noSuchLiteral(number) }
            guard !known[number].keep else { throw .keptLiteral(number) }
        }
        return try render(parts, replacing: replacements, omitsEmpty: true)
    }

    /// The last stage's prompt: what stripping leaves of the full prompt with these parts.
    public func renderStripped(_ parts: PromptParts) throws(SchemaError) -> [PromptMessage] {
        var replacements: [Int: [UInt8]] = [:]
        for literal in literals where !literal.keep { replacements[literal.number] = [] }
        var remaining = parts
        remaining.examples = []
        if unknownExamples == .keep {
            remaining.examples = parts.examples.filter { example in
                if case .custom(let custom) = example { !bank.contains(custom) } else { false }
            }
        }
        return try renderStage(remaining, replacing: replacements)
    }

    private func render(
        _ parts: PromptParts, replacing replacements: [Int: [UInt8]], omitsEmpty: Bool
    ) throws(SchemaError) -> [PromptMessage] {
        guard !parts.query.isEmpty else { throw .emptyQuery }
        let names = contextNames
        for name in parts.contexts.keys.sorted() where !names.contains(name) { throw .unknownContext(name) }
        let examples = try examples(parts.examples)
        var result: [PromptMessage] = []
        var literal = 0
        for (index, pattern) in messages.enumerated() {
            if exampleTurns?.position == index { result += turns(examples) }
            var text: [UInt8] = []
            for part in pattern.parts {
                switch part {
                case .template(let bytes, _):
                    text += replacements[literal] ?? bytes
                    literal += 1
                case .examples(let block):
                    for example in examples { text += block.render(example) }
                case .context(let slot):
                    guard let context = parts.contexts[slot.name] else { throw .missingContext(slot.name) }
                    text += context
                case .query:
                    text += parts.query
                }
            }
            result.append(PromptMessage(role: pattern.role, text: text))
        }
        if exampleTurns?.position == messages.count { result += turns(examples) }
        return omitsEmpty ? result.filter { !$0.text.isEmpty } : result
    }

    private func turns(_ examples: [Example]) -> [PromptMessage] {
        guard let exampleTurns else { return [] }
        return examples.flatMap { exampleTurns.render($0) }
    }

    private func examples(_ wanted: [PromptExample]) throws(SchemaError) -> [Example] {
        guard !wanted.isEmpty else { return [] }
        guard exampleBlock != nil || exampleTurns != nil else { throw .noExamplePart }
        if let maximum = exampleBlock?.maximum ?? exampleTurns?.maximum, wanted.count > maximum {
            throw .tooManyExamples(maximum: maximum)
        }
        let bank = bank
        var found: [Example] = []
        for example in wanted {
            switch example {
            case .bank(let row):
                guard bank.indices.contains(row) else { throw .noSuchExample(row) }
                found.append(bank[row])
            case .custom(let custom):
                guard unknownExamples != .fullPrompt || bank.contains(custom) else { throw .customExample }
                for blocks in blockMatchers where !blocks.reads(custom) { throw .exampleContainsMarker }
                found.append(custom)
            }
        }
        return found
    }

    private var blockMatchers: [BlockMatcher] {
        unknownExamples == .fullPrompt ? [] : matcher.messages.flatMap { $0.compactMap(\.blockMatcher) }
    }
}
