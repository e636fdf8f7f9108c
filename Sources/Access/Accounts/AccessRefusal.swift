/// Why a known key may not make a request; the message is for the caller and holds no secret and no prompt text.
public struct AccessRefusal: Error, Sendable, Equatable {
    /// The closed set of causes; the raw value is the stable name for metrics and logs.
    public enum Code: String, Sendable, Equatable, CaseIterable {
        /// Too many requests in the last minute.
        case requestRate = "request_rate"
        /// Too many tokens in the last minute, or too many at once.
        case tokenRate = "token_rate"
        /// Too many requests in the last minute that the tuned model refused.
        case fallbackRate = "fallback_rate"
        /// The budget does not cover the request.
        case budget
        /// The key has a budget, and the model has no price.
        case unpriced
        /// The key may not use the model.
        case model
        /// The key may not make requests of the task, or of no task.
        case task
    }

    /// The cause.
    public let code: Code
    /// What is refused, and what to do.
    public let message: String
    /// Seconds until the same request may pass; nil if it never will.
    public let retryAfter: Int?
    /// The key's rates.
    public let rates: RateStatus

    init(_ code: Code, _ message: String, retryAfter: Int? = nil, rates: RateStatus = RateStatus()) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.rates = rates
    }

    static func model(_ name: String) -> AccessRefusal {
        let shown = name.isEmpty ? "a request that names no model" : "the model '\(name.prefix(200))'"
        return AccessRefusal(.model, "This key may not use \(shown). Ask for another model, or for another key.")
    }

    static func task(_ name: String?) -> AccessRefusal {
        let shown = name.map { "requests of the task '\($0)'" } ?? "requests that belong to no task"
        return AccessRefusal(.task, "This key may not make \(shown). Ask for another key.")
    }

    static func unpriced(_ rates: RateStatus) -> AccessRefusal {
        AccessRefusal(
            .unpriced,
            "This key has a budget, and the gateway knows no price of this model. Use a model with a price, or have one "
                + "added to the price file.", rates: rates)
    }
}
