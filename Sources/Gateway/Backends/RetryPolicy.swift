/// What of a backend's failures is tried again: by default only what was never sent.
public struct RetryPolicy: Sendable, Hashable {
    /// Failures that may be tried again.
    public struct Conditions: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: Int

        /// Takes bits as they are.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Nobody was reached: nothing was sent, so nothing is billed twice.
        public static let connect = Conditions(rawValue: 1)
        /// The connection broke before an answer; the backend may have acted on the request.
        public static let reset = Conditions(rawValue: 2)
        /// No answer began in time; the backend may be at work still.
        public static let timeout = Conditions(rawValue: 4)
        /// Status 429.
        public static let rateLimit = Conditions(rawValue: 8)
        /// Status 500 and above.
        public static let serverError = Conditions(rawValue: 16)
    }

    /// How many times after the first.
    public var retries: Int
    /// After which failures.
    public var conditions: Conditions
    /// Whether another try reaches another endpoint, so that it need not wait.
    public var hasAlternatives: Bool
    /// The longest `Retry-After` that is waited for.
    public var longestWait: Duration

    /// Makes a policy; whatever is left out has its default.
    public init(
        retries: Int = 2, conditions: Conditions = .connect, hasAlternatives: Bool = false,
        longestWait: Duration = .seconds(2)
    ) {
        self.retries = retries
        self.conditions = conditions
        self.hasAlternatives = hasAlternatives
        self.longestWait = longestWait
    }

    /// Nothing is tried again.
    public static let never = RetryPolicy(retries: 0, conditions: [])
}
