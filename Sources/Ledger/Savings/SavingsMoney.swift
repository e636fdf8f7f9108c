/// One currency's sums, exact, in billionths of its unit.
public struct SavingsMoney: Sendable, Equatable, Codable {
    /// The currency, such as `USD`.
    public var currency: String
    /// The days of the prices that were used.
    public var priceDates: [String]
    /// What the full prompts would have cost at listed prices.
    public var beforeNano: Int64
    /// The same, had the provider read every fixed part from its cache.
    public var beforeCachedNano: Int64
    /// What was paid.
    public var afterNano: Int64
    /// `before` minus `after`.
    public var savedNano: Int64
    /// `before_cached` minus `after`: what is saved even against a provider with a perfect prompt cache.
    public var savedCachedNano: Int64

    /// The names in JSON.
    public enum CodingKeys: String, CodingKey {
        /// The properties' names in the JSON's spelling.
        case currency
        case priceDates = "price_dates"
        case beforeNano = "before_nano"
        case beforeCachedNano = "before_cached_nano"
        case afterNano = "after_nano"
        case savedNano = "saved_nano"
        case savedCachedNano = "saved_cached_nano"
    }

    /// The sums of each currency, in alphabetical order.
    static func byCurrency(_ groups: [PricedSums]) -> [SavingsMoney] {
        Dictionary(grouping: groups.filter { !$0.currency.isEmpty }, by: \.currency)
            .sorted { $0.key < $1.key }
            .map { currency, groups in
                let before = groups.reduce(0) { $0 + $1.sums.moneyBefore }
                let cached = groups.reduce(0) { $0 + $1.sums.moneyBeforeCached }
                let after = groups.reduce(0) { $0 + $1.sums.moneyAfter }
                return SavingsMoney(
                    currency: currency, priceDates: Set(groups.map(\.priceDate)).sorted(), beforeNano: before,
                    beforeCachedNano: cached, afterNano: after, savedNano: before - after,
                    savedCachedNano: cached - after)
            }
    }
}
