/// Says whether, and after which pause, a request is sent to the same backend again. Nothing of an answer has gone to
/// the client then.
struct Retries {
    private let policy: RetryPolicy
    private let budget: RetryBudget
    private let deadline: ContinuousClock.Instant?
    private var used = 0

    /// Starts with the first attempt at a backend, which feeds the budget.
    init(_ policy: RetryPolicy, _ budget: RetryBudget, deadline: ContinuousClock.Instant?) {
        self.policy = policy
        self.budget = budget
        self.deadline = deadline
        if policy.retries > 0 { budget.add() }
    }

    /// The pause before the next attempt after a failure; nil if there is to be none.
    mutating func pause(after error: BackendError) -> Duration? {
        guard used < policy.retries, let condition = Self.condition(of: error), policy.conditions.contains(condition)
        else { return nil }
        // What could not be reached in time is asked again only where another endpoint may answer.
        if error.code == .connectTimeout, !policy.hasAlternatives { return nil }
        return grant(policy.hasAlternatives && condition == .connect ? .zero : backOff)
    }

    /// The pause before the next attempt after an answer with this status; nil if the client is to have that answer.
    mutating func pause(after reply: Reply) -> Duration? {
        guard reply.status >= 429, used < policy.retries else { return nil }
        let condition: RetryPolicy.Conditions = reply.status == 429 ? .rateLimit : .serverError
        guard reply.status == 429 || reply.status >= 500, policy.conditions.contains(condition) else { return nil }
        guard let asked = RetryAfter.duration(reply.headers) else { return grant(backOff) }
        return asked <= policy.longestWait ? grant(asked) : nil
    }

    private mutating func grant(_ pause: Duration) -> Duration? {
        if let deadline, ContinuousClock.now + pause >= deadline { return nil }
        guard budget.take() else { return nil }
        used += 1
        return pause
    }

    /// Full jitter: anything from nothing to 100 ms, doubled with each retry, 2 s at most.
    private var backOff: Duration {
        let most = min(2000, 100 << min(used, 10))
        return .milliseconds(Int.random(in: 0...most))
    }

    private static func condition(of error: BackendError) -> RetryPolicy.Conditions? {
        switch error.code {
        case .connect, .dns, .connectTimeout: error.wasSent ? nil : .connect
        case .broken: .reset
        case .firstByteTimeout: .timeout
        case .failed where error.status >= 500: .serverError
        default: nil
        }
    }
}
