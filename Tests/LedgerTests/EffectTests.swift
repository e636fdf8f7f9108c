import Testing

@testable import Ledger

@Suite("What an attempt saves")
struct EffectTests {
    private func saved(_ entry: LedgerEntry) -> (tokens: Int, money: Int64, cached: Int64) {
        let effect = AttemptEffect(of: entry)
        return (
            effect.tokensBefore.total - effect.tokensAfter.total, effect.moneyBefore - effect.moneyAfter,
            effect.moneyBeforeCached - effect.moneyAfter
        )
    }

    @Test("a tuned answer saves the full prompt less what was sent")
    func tuned() {
        #expect(saved(.tuned("r")) == (980, 2_037_000, 567_000))
        let effect = AttemptEffect(of: .tuned("r"))
        #expect(effect.tokensBefore.template - effect.tokensAfter.template == 800)
        #expect(effect.tokensBefore.query == effect.tokensAfter.query)
    }

    @Test("a full-prompt, passed-through or fallback attempt saves nothing, whatever it claims")
    func others() {
        #expect(saved(.full("r")) == (0, 0, 0))
        #expect(saved(.full("r", reason: "tuned_failed")) == (0, 0, 0))
        var claim = LedgerEntry.full("r")
        claim.arm = .passthrough
        claim.tokens.full.template = 1_000_000
        claim.isFinal = false
        #expect(saved(claim) == (0, 0, 0))
    }

    @Test("a tuned attempt that failed costs what was sent", arguments: [true, false])
    func failed(isFinal: Bool) {
        var entry = LedgerEntry.tuned("r")
        entry.isFinal = isFinal
        entry.outcome = .failed
        #expect(saved(entry) == (-20, -3_000, -3_000))
        entry.tokens.sent = .zero
        entry.money?.paid = 0
        #expect(saved(entry) == (0, 0, 0))
    }

    @Test("an answer cut short saves only if it had begun", arguments: [LedgerEntry.Outcome.partial, .aborted])
    func cutShort(outcome: LedgerEntry.Outcome) {
        var entry = LedgerEntry.tuned("r")
        entry.outcome = outcome
        #expect(saved(entry).tokens == 980)
        entry.timeToFirstToken = nil
        #expect(saved(entry) == (0, 0, 0))
    }

    @Test("an attempt without prices has an effect in tokens alone")
    func unpriced() {
        var entry = LedgerEntry.tuned("r")
        entry.money = nil
        #expect(saved(entry) == (980, 0, 0))
    }
}
