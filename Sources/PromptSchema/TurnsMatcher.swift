/// Matches one user/assistant pair as an example.
struct TurnsMatcher {
    let turns: ExampleTurns
    let policy: UnknownExamplePolicy
    /// The turns in each form of line endings, and the rows of each user message's bytes.
    private let variants: [(turns: ExampleTurns, rows: [[UInt8]: [Int]])]

    init(_ turns: ExampleTurns, policy: UnknownExamplePolicy, lineEndings: [LineEndings]) {
        self.turns = turns
        self.policy = policy
        var variants: [(turns: ExampleTurns, rows: [[UInt8]: [Int]])] = []
        for form in lineEndings {
            let variant = turns.written(with: form)
            if variants.contains(where: { $0.turns == variant }) { continue }
            var rows: [[UInt8]: [Int]] = [:]
            for (row, example) in variant.bank.enumerated() {
                rows[variant.render(example)[0].text, default: []].append(row)
            }
            variants.append((variant, rows))
        }
        self.variants = variants
    }

    /// The bank row of the pair, or `nil` for an unknown pair that the policy lets pass.
    func row(user: [UInt8], assistant: [UInt8]) throws(MatchFailure) -> Int? {
        for (variant, rows) in variants {
            let row = rows[user]?.first { variant.render(variant.bank[$0])[1].text == assistant }
            if let row { return row }
        }
        guard policy != .fullPrompt, example(user: user, assistant: assistant) != nil else {
            throw MatchFailure(.unknownExample)
        }
        return nil
    }

    /// The texts of a pair without their prefixes and suffixes.
    func example(user: [UInt8], assistant: [UInt8]) -> Example? {
        for (variant, _) in variants {
            if let input = inner(user, variant.userPrefix, variant.userSuffix),
                let output = inner(assistant, variant.assistantPrefix, variant.assistantSuffix)
            {
                return Example(input: input, output: output)
            }
        }
        return nil
    }

    private func inner(_ text: [UInt8], _ prefix: [UInt8], _ suffix: [UInt8]) -> [UInt8]? {
        let end = text.count - suffix.count
        guard end >= prefix.count, matches(prefix, text, at: 0, end: end),
            matches(suffix, text, at: end, end: text.count)
        else { return nil }
        return Array(text[prefix.count..<end])
    }
}

extension ExampleTurns {
    /// The same turns with all texts in one form of line endings.
    func written(with form: LineEndings) -> ExampleTurns {
        ExampleTurns(
            position: position, userPrefix: form.applied(to: userPrefix), userSuffix: form.applied(to: userSuffix),
            assistantPrefix: form.applied(to: assistantPrefix), assistantSuffix: form.applied(to: assistantSuffix),
            bank: bank.map { Example(input: form.applied(to: $0.input), output: form.applied(to: $0.output)) },
            maximum: maximum)
    }
}
