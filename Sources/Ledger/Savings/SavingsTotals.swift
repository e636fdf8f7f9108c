/// One group's sums. Everywhere, `saved` is `before` minus `after`, and may be negative.
public struct SavingsTotals: Sendable, Equatable, Codable {
    /// How the attempts ended.
    public struct Outcomes: Sendable, Equatable, Codable {
        /// The whole answer went to the client.
        public var complete: Int
        /// The backend stopped in the middle of its answer.
        public var partial: Int
        /// The client left.
        public var aborted: Int
        /// No answer, or an error.
        public var failed: Int
    }

    /// A number before, after, and the difference.
    public struct Change: Sendable, Equatable, Codable {
        /// Without this product.
        public var before: Int
        /// With it.
        public var after: Int
        /// Before minus after.
        public var saved: Int

        init(before: Int, after: Int) {
            self.before = before
            self.after = after
            saved = before - after
        }
    }

    /// The tokens.
    public struct Tokens: Sendable, Equatable, Codable {
        /// Prompt tokens.
        public var prompt: Change
        /// The part of the prompt tokens that was saved, in percent; 0 without any.
        public var savedPercent: Double
        /// Prompt tokens by segment kind.
        public var byKind: [String: Change]
        /// Tokens of the answers.
        public var completion: Int
        /// Sent tokens that the backends read from their caches.
        public var cachedPrompt: Int

        /// The names in JSON.
        public enum CodingKeys: String, CodingKey {
            /// The properties' names in the JSON's spelling.
            case prompt, completion
            case savedPercent = "saved_percent"
            case byKind = "by_kind"
            case cachedPrompt = "cached_prompt"
        }
    }

    /// Requests, each counted once, by its final attempt.
    public var requests: Int
    /// Attempts.
    public var attempts: Int
    /// How the attempts ended.
    public var outcomes: Outcomes
    /// The tokens.
    public var tokens: Tokens
    /// The money, one entry per currency.
    public var money: [SavingsMoney]
    /// Attempts without known prices, left out of the money.
    public var unpricedAttempts: Int

    /// The names in JSON.
    public enum CodingKeys: String, CodingKey {
        /// The properties' names in the JSON's spelling.
        case requests, attempts, outcomes, tokens, money
        case unpricedAttempts = "unpriced_attempts"
    }

    init(_ groups: [PricedSums]) {
        var sums = RollupSums()
        for group in groups { sums.add(group.sums) }
        requests = sums.requests
        attempts = sums.attempts
        outcomes = Outcomes(
            complete: sums.count(of: .complete), partial: sums.count(of: .partial),
            aborted: sums.count(of: .aborted), failed: sums.count(of: .failed))
        let prompt = Change(before: sums.before.total, after: sums.after.total)
        let kinds = SegmentKind.allCases.map { kind in
            (kind.rawValue, Change(before: sums.before[kind], after: sums.after[kind]))
        }
        tokens = Tokens(
            prompt: prompt, savedPercent: Self.percent(prompt), byKind: Dictionary(uniqueKeysWithValues: kinds),
            completion: sums.completion, cachedPrompt: sums.cachedPrompt)
        money = SavingsMoney.byCurrency(groups)
        unpricedAttempts = sums.unpriced
    }

    /// To a hundredth of a percent.
    private static func percent(_ change: Change) -> Double {
        change.before == 0 ? 0 : (Double(change.saved) / Double(change.before) * 10_000).rounded() / 100
    }
}

/// Sums that share a currency and a price date; the empty currency is that of attempts without a known price.
struct PricedSums: Sendable {
    var currency: String
    var priceDate: String
    var sums: RollupSums
}
