/// The prices by model name; a model that is not in it has no price, and none is made up.
public struct PriceTable: Sendable, Equatable {
    /// The prices by exact model name.
    public var prices: [String: ModelPrice]

    /// Makes a table.
    public init(prices: [String: ModelPrice] = [:]) {
        self.prices = prices
    }

    /// The price of a model, nil if unknown.
    public func price(of model: String) -> ModelPrice? {
        prices[model]
    }

    /// What an attempt cost, nil unless both models have prices in one currency.
    ///
    /// - Parameters:
    ///   - model: the model that was asked.
    ///   - fullModel: the model of the task's full-prompt backend; the same model for full-prompt attempts.
    ///   - tokens: the attempt's counts.
    public func money(model: String, fullModel: String, tokens: TokenUse) -> AttemptMoney? {
        guard let paid = prices[model], let full = prices[fullModel], paid.currency == full.currency else { return nil }
        let fixed = tokens.full.template + tokens.full.examples
        let completion = tokens.completion
        return AttemptMoney(
            full: full.cost(prompt: tokens.full.total, cached: 0, completion: completion),
            fullCached: full.cost(prompt: tokens.full.total, cached: fixed, completion: completion),
            paid: paid.cost(prompt: tokens.sent.total, cached: tokens.cachedPrompt, completion: completion),
            currency: full.currency, priceDate: min(paid.date, full.date))
    }
}
