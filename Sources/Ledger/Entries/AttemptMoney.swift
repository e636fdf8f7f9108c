/// What an attempt cost, and what the full prompt would have cost, in billionths of the currency unit.
public struct AttemptMoney: Sendable, Equatable {
    /// The full prompt and the answer at the full-prompt model's listed prices.
    public var full: Int64
    /// The same with the prompt's fixed part (template and examples) at the cached-input price: the most that a
    /// provider's prompt cache could have saved without this product.
    public var fullCached: Int64
    /// What was sent and answered, at the prices of the model that was asked, its reported cache reads included.
    public var paid: Int64
    /// The currency of all three, such as `USD`.
    public var currency: String
    /// The day the prices were noted, such as `2026-06-21`; the older one where two price entries are involved.
    public var priceDate: String

    /// Makes the amounts.
    public init(full: Int64, fullCached: Int64, paid: Int64, currency: String, priceDate: String) {
        self.full = full
        self.fullCached = fullCached
        self.paid = paid
        self.currency = currency
        self.priceDate = priceDate
    }
}
