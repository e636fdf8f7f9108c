/// What a key may use: nil is without limit.
public struct KeyLimits: Sendable, Hashable {
    /// Requests in any 60 seconds.
    public var requestsPerMinute: Int?
    /// Tokens of prompts and answers in any 60 seconds.
    public var tokensPerMinute: Int?
    /// Requests in any 60 seconds that the tuned model refuses for their own sake, so that the full prompt is paid as
    /// well.
    public var fallbacksPerMinute: Int?
    /// Money in a day of UTC, in billionths of the price table's currency unit.
    public var dailyBudget: Int64?
    /// Money in a month of UTC, in billionths of the price table's currency unit.
    public var monthlyBudget: Int64?

    /// Makes limits.
    public init(
        requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, fallbacksPerMinute: Int? = nil,
        dailyBudget: Int64? = nil, monthlyBudget: Int64? = nil
    ) {
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.fallbacksPerMinute = fallbacksPerMinute
        self.dailyBudget = dailyBudget
        self.monthlyBudget = monthlyBudget
    }

    /// Whether nothing is limited.
    public var isEmpty: Bool { self == KeyLimits() }

    /// Whether money is limited.
    public var hasBudget: Bool { dailyBudget != nil || monthlyBudget != nil }

    func validate() throws(AccessError) {
        for (name, value) in [
            ("requests_per_minute", requestsPerMinute), ("tokens_per_minute", tokensPerMinute),
            ("fallbacks_per_minute", fallbacksPerMinute),
        ] {
            guard let value else { continue }
            guard (1...1_000_000_000).contains(value) else {
                throw AccessError(.invalid, "\(name) is \(value): give a number from 1 to 1,000,000,000")
            }
        }
        for (name, value) in [("budget_per_day", dailyBudget), ("budget_per_month", monthlyBudget)] {
            guard let value else { continue }
            guard value > 0 else { throw AccessError(.invalid, "\(name) must be more than 0") }
        }
    }
}
