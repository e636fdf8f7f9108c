/// What an attempt changed against a gateway that always sends the full prompt: tokens and money before and after.
///
/// - A tuned attempt that answered: before is the full prompt, after is what was sent.
/// - A tuned attempt that failed: before is nothing, after is what was sent; its saving is negative.
/// - Everything else: before is after; it saves nothing.
///
/// `saved` is before minus after, always, so that sums over attempts stay sums over before and after.
struct AttemptEffect: Equatable {
    var tokensBefore: SegmentTokens
    var tokensAfter: SegmentTokens
    var moneyBefore: Int64 = 0
    var moneyBeforeCached: Int64 = 0
    var moneyAfter: Int64 = 0

    init(of entry: LedgerEntry) {
        tokensAfter = entry.tokens.sent
        moneyAfter = entry.money?.paid ?? 0
        switch Self.baseline(of: entry) {
        case .fullPrompt:
            tokensBefore = entry.tokens.full
            moneyBefore = entry.money?.full ?? 0
            moneyBeforeCached = entry.money?.fullCached ?? 0
        case .nothing:
            tokensBefore = .zero
        case .same:
            tokensBefore = tokensAfter
            moneyBefore = moneyAfter
            moneyBeforeCached = moneyAfter
        }
    }

    private enum Baseline {
        case fullPrompt
        case nothing
        case same
    }

    private static func baseline(of entry: LedgerEntry) -> Baseline {
        guard entry.arm == .internalized else { return .same }
        guard entry.isFinal else { return .nothing }
        switch entry.outcome {
        case .complete: return .fullPrompt
        case .partial, .aborted: return entry.timeToFirstToken == nil ? .same : .fullPrompt
        case .failed: return .nothing
        }
    }
}
