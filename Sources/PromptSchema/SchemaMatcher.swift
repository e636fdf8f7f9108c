/// The compiled form of a schema: matchers for each message, and for each form of line endings that makes a difference.
struct SchemaMatcher {
    /// For each message pattern, its matchers; the first takes the template as written.
    let messages: [[MessageMatcher]]
    private let roles: [Role]
    private let turns: TurnsMatcher?
    private let turnsPosition: Int
    /// The first message before any turns whose pattern opens with a literal.
    let anchor: Int?

    /// A failure together with the message that it happened in.
    struct Failure: Error {
        let failure: MatchFailure
        let message: Int
        /// The roles or the number of the messages are wrong; nothing was compared.
        var isShape = false
    }

    init(
        messages: [MessagePattern], exampleTurns: ExampleTurns?, policy: UnknownExamplePolicy,
        normalizeLineEndings: Bool
    ) {
        let forms: [LineEndings] = normalizeLineEndings ? LineEndings.allCases : [.asWritten]
        self.messages = messages.map { pattern in
            var variants: [MessageMatcher] = []
            for form in forms {
                let matcher = MessageMatcher(pattern, policy: policy, lineEndings: form)
                if !variants.contains(where: { $0.hasSameBytes(as: matcher) }) { variants.append(matcher) }
            }
            return variants
        }
        roles = messages.map(\.role)
        turns = exampleTurns.map { TurnsMatcher($0, policy: policy, lineEndings: forms) }
        turnsPosition = exampleTurns?.position ?? messages.count
        anchor = self.messages.prefix(turnsPosition).firstIndex { !$0[0].head.bytes.isEmpty }
    }

    /// The segments of the only parse of the whole list, or why there is not exactly one.
    func match(_ list: [PromptMessage]) throws(Failure) -> [Segment] {
        let surplus = list.count - messages.count
        guard surplus == 0 || (turns != nil && surplus > 0 && surplus % 2 == 0) else { throw shape }
        for index in list.indices where list[index].role != role(at: index, surplus: surplus) { throw shape }
        var segments: [Segment] = []
        var index = 0
        while index < list.count {
            if index >= turnsPosition, index < turnsPosition + surplus {
                segments += try pair(list, at: index)
                index += 2
            } else {
                let pattern = index < turnsPosition ? index : index - surplus
                segments += try message(list[index].text, pattern: pattern, index: index)
                index += 1
            }
        }
        if let maximum = turns?.turns.maximum, surplus / 2 > maximum {
            let what = "it has \(surplus / 2) examples and the limit is \(maximum)"
            throw Failure(failure: MatchFailure(.limit(what)), message: turnsPosition)
        }
        return segments
    }

    /// The texts of an unknown example pair.
    func turnsExample(_ list: [PromptMessage], at index: Int) -> Example? {
        turns?.example(user: list[index].text, assistant: list[index + 1].text)
    }

    private var shape: Failure { Failure(failure: MatchFailure(.drift), message: 0, isShape: true) }

    private func role(at index: Int, surplus: Int) -> Role {
        if index < turnsPosition { return roles[index] }
        if index >= turnsPosition + surplus { return roles[index - surplus] }
        return (index - turnsPosition) % 2 == 0 ? .user : .assistant
    }

    private func pair(_ list: [PromptMessage], at index: Int) throws(Failure) -> [Segment] {
        guard let turns else { return [] }
        let row: Int?
        do {
            row = try turns.row(user: list[index].text, assistant: list[index + 1].text)
        } catch {
            throw Failure(failure: error, message: index)
        }
        return [index, index + 1].map { message in
            Segment(
                kind: .examples, message: message, range: list[message].text.indices,
                kept: row == nil && turns.policy == .keep, example: row)
        }
    }

    /// Tries every form of line endings: two different parses are one too many.
    private func message(_ text: [UInt8], pattern: Int, index: Int) throws(Failure) -> [Segment] {
        var parsed: [Segment]?
        var failures: [MatchFailure] = []
        var isAmbiguous = false
        for variant in messages[pattern] {
            do throws(MatchFailure) {
                let segments = try variant.match(text, message: index)
                if let parsed, parsed != segments { isAmbiguous = true }
                parsed = segments
            } catch {
                failures.append(error)
            }
        }
        let beyond = failures.filter(\.isParse)
        if isAmbiguous || beyond.count + (parsed == nil ? 0 : 1) > 1 {
            throw Failure(failure: MatchFailure(.ambiguous), message: index)
        }
        if let failure = beyond.first { throw Failure(failure: failure, message: index) }
        if let parsed { return parsed }
        var furthest = failures[0]
        for failure in failures where failure.offset > furthest.offset { furthest = failure }
        throw Failure(failure: furthest, message: index)
    }
}
