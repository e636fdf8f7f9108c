import Foundation
import Ledger
import TestSupport

extension LedgerEntry {
    /// 2026-11-21T09:30:00Z.
    static let morning = Date(timeIntervalSince1970: 1_795_253_400)

    /// A tuned attempt that answered: 1,000 tokens of full prompt, 20 sent, 5 answered.
    static func tuned(_ requestID: String, time: Date = morning, task: String? = "house") -> LedgerEntry {
        let full = SegmentTokens(template: 800, examples: 180, query: 15, other: 5)
        let tokens = TokenUse(
            full: full, fullSource: .counted, sent: SegmentTokens(query: 15, other: 5), sentSource: .counted,
            completion: 5, completionSource: .counted)
        return LedgerEntry(
            requestID: requestID, time: time, task: task, schemaFingerprint: "f1", arm: .internalized, reason: "on",
            backend: "engine", model: "small", tokens: tokens,
            money: AttemptMoney(
                full: 2_040_000, fullCached: 570_000, paid: 3_000, currency: "USD", priceDate: "2026-06-21"),
            timeToFirstToken: 10, totalTime: 30, status: 200, outcome: .complete)
    }

    /// The same request answered by the full-prompt backend.
    static func full(_ requestID: String, time: Date = morning, reason: String = "canary_control") -> LedgerEntry {
        var entry = tuned(requestID, time: time)
        entry.arm = .fullPrompt
        entry.reason = reason
        entry.backend = "upstream"
        entry.model = "large"
        entry.tokens.sent = entry.tokens.full
        entry.tokens.sentSource = .reported
        entry.tokens.completionSource = .reported
        entry.tokens.cachedPrompt = 512
        entry.money = AttemptMoney(
            full: 2_040_000, fullCached: 570_000, paid: 1_272_000, currency: "USD", priceDate: "2026-06-21")
        entry.timeToFirstToken = 100
        entry.totalTime = 300
        return entry
    }

    /// Any entry that is allowed.
    static func random(_ requestID: String, attempt: Int, using random: inout SeededRandom) -> LedgerEntry {
        func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: values.indices, using: &random)] }
        func segments() -> SegmentTokens {
            var tokens = SegmentTokens.zero
            for kind in SegmentKind.allCases { tokens[kind] = pick([0, 1, Int.random(in: 0..<5000, using: &random)]) }
            return tokens
        }
        let sources: [CountSource] = [.counted, .reported, .estimated("bytes/4"), .estimated("words")]
        let tokens = TokenUse(
            full: segments(), fullSource: pick(sources), sent: segments(), sentSource: pick(sources),
            completion: Int.random(in: 0..<500, using: &random), completionSource: pick(sources),
            cachedPrompt: pick([0, 64]))
        let money = AttemptMoney(
            full: Int64.random(in: 0..<9_000_000_000, using: &random),
            fullCached: Int64.random(in: 0..<9_000_000_000, using: &random),
            paid: Int64.random(in: 0..<9_000_000_000, using: &random), currency: pick(["USD", "EUR"]),
            priceDate: pick(["2026-06-21", "2026-07-01"]))
        let hours = Int.random(in: -30..<30, using: &random)
        let millisecond = Int.random(in: 0..<3_600_000, using: &random)
        return LedgerEntry(
            requestID: requestID, attempt: attempt, isFinal: Bool.random(using: &random),
            time: Date(timeIntervalSince1970: 1_795_253_400 + Double(hours * 3600) + Double(millisecond) / 1000),
            task: pick([nil, "house", "it's \"quoted\""]), schemaFingerprint: pick([nil, "f1"]),
            key: pick([nil, "ann", "key_0a"]),
            arm: pick(Arm.allCases), reason: pick(["on", "drift", "tuned_failed"]), backend: pick(["engine", "up"]),
            model: pick(["small", "large"]), tokens: tokens, money: pick([nil, money]),
            timeToFirstToken: pick([nil, Double.random(in: 0..<5000, using: &random)]),
            totalTime: Double.random(in: 0..<9000, using: &random), status: pick([0, 200, 500]),
            outcome: pick(Outcome.allCases), failure: pick([nil, "ttfb_timeout"]))
    }
}

extension LedgerStore {
    /// Records all at once, from as many tasks.
    func recordAll(_ entries: [LedgerEntry]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for entry in entries { group.addTask { try await self.record(entry) } }
            try await group.waitForAll()
        }
    }
}
