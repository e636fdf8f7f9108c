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
        // A message that fits in too many ways, or beyond a limit; a later one that does not fit at all says more.
        var doubt: Failure?
        var index = 0
        while index < list.count {
            let isPair = index >= turnsPosition && index < turnsPosition + surplus
            do throws(Failure) {
                if isPair {
                    segments += try pair(list, at: index)
                } else {
                    let pattern = index < turnsPosition ? index : index - surplus
                    segments += try message(list[index].text, pattern: pattern, index: index)
                }
            } catch {
                guard error.failure.isParse else { throw error }
                if doubt == nil || error.failure.isAmbiguous { doubt = error }
            }
            index += isPair ? 2 : 1
        }
        if let doubt { throw doubt }
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
        var parsed: MessageParse?
        var isAmbiguous = false
        var furthest: MatchFailure?
        for variant in messages[pattern] {
            do throws(MatchFailure) {
                let parse = try variant.match(text, message: index)
                if let parsed, parsed.segments != parse.segments { isAmbiguous = true }
                parsed = parse
            } catch {
                if error.isAmbiguous { isAmbiguous = true }
                if error.offset > furthest?.offset ?? -1 { furthest = error }
            }
        }
        if isAmbiguous { throw Failure(failure: MatchFailure(.ambiguous), message: index) }
        if let excess = parsed?.excess { throw Failure(failure: MatchFailure(.limit(excess)), message: index) }
        if let parsed { return parsed.segments }
        throw Failure(failure: furthest ?? MatchFailure(.drift), message: index)
    }
}
