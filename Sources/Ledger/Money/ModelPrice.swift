/// The prices of one model, in billionths of the currency unit per million tokens.
public struct ModelPrice: Sendable, Equatable {
    /// A million prompt tokens.
    public var input: Int64
    /// A million prompt tokens read from the provider's cache.
    public var cachedInput: Int64
    /// A million tokens of the answer.
    public var output: Int64
    /// The currency, such as `USD`.
    public var currency: String
    /// The day the prices were noted, `YYYY-MM-DD`.
    public var date: String

    /// Makes the prices; without a cached-input price, cache reads cost what other input costs.
    public init(input: Int64, cachedInput: Int64? = nil, output: Int64, currency: String, date: String) {
        self.input = input
        self.cachedInput = cachedInput ?? input
        self.output = output
        self.currency = currency
        self.date = date
    }

    /// The cost in billionths, rounded once, half up.
    ///
    /// - Parameters:
    ///   - prompt: all prompt tokens.
    ///   - cached: how many of them are at the cached-input price; more than `prompt` counts as `prompt`.
    ///   - completion: tokens of the answer.
    public func cost(prompt: Int, cached: Int, completion: Int) -> Int64 {
        let cached = min(max(cached, 0), prompt)
        let exact =
            Int128(prompt - cached) * Int128(input) + Int128(cached) * Int128(cachedInput)
            + Int128(completion) * Int128(output)
        return Int64(clamping: (exact + 500_000) / 1_000_000)
    }

    /// Whether the text is a day of the calendar, written `YYYY-MM-DD`.
    public static func isDay(_ text: String) -> Bool {
        text.utf8.count == 10 && Timestamp.parse(text) != nil
    }
}
