/// What is summed per hour, task, arm, reason, backend, model, currency and price date.
struct RollupSums: Equatable {
    /// The sums in the order of `columns`.
    private(set) var values = [Int64](repeating: 0, count: Self.columns.count)

    /// The columns: counts of requests and attempts, of outcomes, tokens before and after by kind, money.
    static let columns: [String] =
        ["requests", "attempts", "unpriced"] + LedgerEntry.Outcome.allCases.map(\.rawValue)
        + SegmentKind.allCases.map { "before_\($0.rawValue)" } + SegmentKind.allCases.map { "after_\($0.rawValue)" }
        + ["completion_tokens", "cached_prompt_tokens", "money_before", "money_before_cached", "money_after"]

    private static let firstOutcome = 3
    private static let firstBefore = firstOutcome + LedgerEntry.Outcome.allCases.count
    private static let firstAfter = firstBefore + SegmentKind.allCases.count
    private static let firstRest = firstAfter + SegmentKind.allCases.count

    init() {}

    init(values: [Int64]) {
        precondition(values.count == Self.columns.count, "one value per column")
        self.values = values
    }

    var requests: Int { Int(values[0]) }
    var attempts: Int { Int(values[1]) }
    /// Attempts whose price is unknown; no money of theirs is in the sums.
    var unpriced: Int { Int(values[2]) }
    var before: SegmentTokens { segments(from: Self.firstBefore) }
    var after: SegmentTokens { segments(from: Self.firstAfter) }
    var completion: Int { Int(values[Self.firstRest]) }
    var cachedPrompt: Int { Int(values[Self.firstRest + 1]) }
    var moneyBefore: Int64 { values[Self.firstRest + 2] }
    var moneyBeforeCached: Int64 { values[Self.firstRest + 3] }
    var moneyAfter: Int64 { values[Self.firstRest + 4] }

    func count(of outcome: LedgerEntry.Outcome) -> Int {
        Int(values[Self.firstOutcome + Self.index(of: outcome)])
    }

    /// Adds one attempt.
    mutating func add(_ entry: LedgerEntry) {
        let effect = AttemptEffect(of: entry)
        values[0] += entry.isFinal ? 1 : 0
        values[1] += 1
        values[2] += entry.money == nil ? 1 : 0
        values[Self.firstOutcome + Self.index(of: entry.outcome)] += 1
        for (index, kind) in SegmentKind.allCases.enumerated() {
            values[Self.firstBefore + index] += Int64(effect.tokensBefore[kind])
            values[Self.firstAfter + index] += Int64(effect.tokensAfter[kind])
        }
        values[Self.firstRest] += Int64(entry.tokens.completion)
        values[Self.firstRest + 1] += Int64(entry.tokens.cachedPrompt)
        values[Self.firstRest + 2] += effect.moneyBefore
        values[Self.firstRest + 3] += effect.moneyBeforeCached
        values[Self.firstRest + 4] += effect.moneyAfter
    }

    /// Adds other sums.
    mutating func add(_ other: RollupSums) {
        for index in values.indices { values[index] += other.values[index] }
    }

    private func segments(from first: Int) -> SegmentTokens {
        var tokens = SegmentTokens.zero
        for (index, kind) in SegmentKind.allCases.enumerated() { tokens[kind] = Int(values[first + index]) }
        return tokens
    }

    private static func index(of outcome: LedgerEntry.Outcome) -> Int {
        switch outcome {
        case .complete: 0
        case .partial: 1
        case .aborted: 2
        case .failed: 3
        }
    }
}
