import Synchronization

/// What a key with limits has used: one short lock for a reserve, one for its settlement.
///
/// All limits are looked at together, so that a refused request uses nothing of any.
final class KeyAccount: Sendable {
    /// What was set aside for a request.
    struct Grant: Sendable {
        var tokens: Int
        var cost: Int64
        /// The second whose slot holds the tokens.
        var second: Int64
    }

    private struct State {
        var requests = RateWindow()
        var tokens = RateWindow()
        var fallbacks = RateWindow()
        var budgets: [BudgetMeter]
    }

    let limits: KeyLimits
    private let clock: AccessClock
    private let state: Mutex<State>

    /// - Parameter spent: what was spent before in the current period, in billionths.
    init(
        _ limits: KeyLimits, clock: AccessClock, now: AccessClock.Moment? = nil,
        spent: (UTCPeriod) -> Int64 = { _ in 0 }
    ) {
        self.limits = limits
        self.clock = clock
        let utc = (now ?? clock.now).utc
        var budgets: [BudgetMeter] = []
        if let cap = limits.dailyBudget { budgets.append(BudgetMeter(.day, cap: cap, utc: utc, spent: spent(.day))) }
        if let cap = limits.monthlyBudget {
            budgets.append(BudgetMeter(.month, cap: cap, utc: utc, spent: spent(.month)))
        }
        state = Mutex(State(budgets: budgets))
    }

    /// Sets aside tokens and money for a request, or says which limit stands against it.
    ///
    /// - Parameter cost: nil if the model has no price, which a key with a budget is refused for.
    func reserve(
        tokens: Int, cost: Int64?, now: AccessClock.Moment? = nil
    ) -> Result<(grant: Grant, rates: RateStatus), AccessRefusal> {
        let now = now ?? clock.now
        let tokens = max(0, tokens)
        return state.withLock { state in
            state.requests.advance(to: now.steady)
            state.tokens.advance(to: now.steady)
            for place in state.budgets.indices { state.budgets[place].advance(to: now.utc) }
            if let refusal = refusal(state, tokens: tokens, cost: cost, now) { return .failure(refusal) }
            if limits.requestsPerMinute != nil { _ = state.requests.add(1) }
            let second = limits.tokensPerMinute == nil ? 0 : state.tokens.add(tokens)
            for place in state.budgets.indices { state.budgets[place].reserve(cost ?? 0) }
            let grant = Grant(tokens: tokens, cost: cost ?? 0, second: second)
            return .success((grant, rates(state, now)))
        }
    }

    /// Counts a request that takes the full prompt too, because the tuned model refused it; the refusal if there were
    /// enough of them.
    func fallBack(now: AccessClock.Moment? = nil) -> AccessRefusal? {
        guard let limit = limits.fallbacksPerMinute else { return nil }
        let now = now ?? clock.now
        return state.withLock { state in
            state.fallbacks.advance(to: now.steady)
            guard state.fallbacks.used >= limit else {
                _ = state.fallbacks.add(1)
                return nil
            }
            let delay = state.fallbacks.delay(untilUsed: limit - 1, from: now.steady)
            return AccessRefusal(
                .fallbackRate,
                "The task's tuned model refused the request, and this key's limit of \(limit) such requests per minute "
                    + "is used: keep queries within what the task takes.", retryAfter: Self.seconds(delay))
        }
    }

    /// Turns a reserve into what it came to.
    func settle(_ grant: Grant, tokens: Int, cost: Int64, now: AccessClock.Moment? = nil) {
        let now = now ?? clock.now
        state.withLock { state in
            if limits.tokensPerMinute != nil {
                state.tokens.advance(to: now.steady)
                state.tokens.change(second: grant.second, by: tokens - grant.tokens)
            }
            for place in state.budgets.indices {
                state.budgets[place].advance(to: now.utc)
                state.budgets[place].settle(reserve: grant.cost, cost: cost)
            }
        }
    }

    /// Spent and set aside, in billionths, of a budget that the key has.
    func budget(_ period: UTCPeriod) -> (spent: Int64, reserved: Int64)? {
        state.withLock { state in
            state.budgets.first { $0.period == period }.map { ($0.spent, $0.reserved) }
        }
    }

    private func refusal(
        _ state: State, tokens: Int, cost: Int64?, _ now: AccessClock.Moment
    ) -> AccessRefusal? {
        if let limit = limits.requestsPerMinute, state.requests.used >= limit {
            let delay = state.requests.delay(untilUsed: limit - 1, from: now.steady)
            return AccessRefusal(
                .requestRate,
                "Rate limit reached for requests per minute: limit \(limit), used \(state.requests.used).",
                retryAfter: Self.seconds(delay), rates: rates(state, now))
        }
        if let limit = limits.tokensPerMinute {
            if tokens > limit {
                return AccessRefusal(
                    .tokenRate,
                    "Request too large for this key's tokens per minute: limit \(limit), requested \(tokens). Shorten the "
                        + "prompt or lower max_tokens.", rates: rates(state, now))
            }
            if state.tokens.used > limit - tokens {
                let delay = state.tokens.delay(untilUsed: limit - tokens, from: now.steady)
                return AccessRefusal(
                    .tokenRate,
                    "Rate limit reached for tokens per minute: limit \(limit), used \(state.tokens.used), requested "
                        + "\(tokens).", retryAfter: Self.seconds(delay), rates: rates(state, now))
            }
        }
        for budget in state.budgets {
            guard let cost else { return .unpriced(rates(state, now)) }
            if !budget.covers(cost) {
                return AccessRefusal(
                    .budget,
                    "This key's budget for the \(budget.period.rawValue) (UTC) does not cover the request. Wait for the "
                        + "next \(budget.period.rawValue), shorten the request, or have the budget raised.",
                    retryAfter: budget.secondsLeft(now.utc), rates: rates(state, now))
            }
        }
        return nil
    }

    private func rates(_ state: State, _ now: AccessClock.Moment) -> RateStatus {
        func rate(_ limit: Int?, _ window: RateWindow) -> RateStatus.Rate? {
            limit.map {
                RateStatus.Rate(
                    limit: $0, remaining: max(0, $0 - window.used),
                    reset: window.delay(untilUsed: 0, from: now.steady))
            }
        }
        return RateStatus(
            requests: rate(limits.requestsPerMinute, state.requests), tokens: rate(limits.tokensPerMinute, state.tokens)
        )
    }

    private static func seconds(_ milliseconds: Int64) -> Int { Int(max(1, (milliseconds + 999) / 1000)) }
}
