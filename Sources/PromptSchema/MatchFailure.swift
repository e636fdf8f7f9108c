/// Why one message does not match its pattern.
struct MatchFailure: Error {
    enum Kind {
        case drift, unknownExample, ambiguous
        case limit(String)
    }

    let kind: Kind
    /// Where the text leaves the pattern, as far to the right as the pattern could be followed.
    let offset: Int
    /// What the pattern has there; empty where it ends.
    let expected: [UInt8]

    init(_ kind: Kind, at offset: Int = 0, expected: some Sequence<UInt8> = []) {
        self.kind = kind
        self.offset = offset
        self.expected = Array(expected.prefix(24))
    }

    /// The failure of a literal that should stand at `offset`.
    static func literal(_ literal: [UInt8], in text: [UInt8], at offset: Int) -> MatchFailure {
        let common = commonPrefixLength(literal, text, at: offset, end: text.count)
        return MatchFailure(.drift, at: offset + common, expected: literal[common...].prefix(24))
    }

    /// Whether the text does match, in too many ways or beyond a limit.
    var isParse: Bool {
        switch kind {
        case .ambiguous, .limit: true
        case .drift, .unknownExample: false
        }
    }

    /// Whether the text matches in too many ways.
    var isAmbiguous: Bool { if case .ambiguous = kind { true } else { false } }

    /// The reason as callers see it.
    func reason(task: String, message: Int) -> UnknownReason {
        switch kind {
        case .drift: .drift(task: task, message: message, offset: offset)
        case .unknownExample: .unknownExample(task: task, message: message, offset: offset)
        case .ambiguous: .ambiguous(task: task)
        case .limit(let what): .limit(task: task, what: what)
        }
    }
}
