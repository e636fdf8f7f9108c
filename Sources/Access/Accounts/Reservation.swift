import Synchronization

/// What was set aside for one request: charged for each attempt, settled once, at the latest when everybody lets go of
/// it.
///
/// A request that never reached a backend, or was refused there, is charged nothing, and so gives all of it back.
public final class Reservation: Sendable {
    private struct State {
        var grant: KeyAccount.Grant?
        var tokens = 0
        var cost: Int64 = 0
    }

    /// The key's rates just after the request was counted.
    public let rates: RateStatus
    private let account: KeyAccount
    private let state: Mutex<State>

    init(_ account: KeyAccount, _ grant: KeyAccount.Grant, rates: RateStatus) {
        self.account = account
        self.rates = rates
        state = Mutex(State(grant: grant))
    }

    deinit { settle() }

    /// Notes what an attempt came to; after the settlement it is charged at once.
    public func charge(tokens: Int, cost: Int64) {
        let isLate = state.withLock { state in
            guard state.grant != nil else { return true }
            state.tokens += tokens
            state.cost += cost
            return false
        }
        if isLate {
            account.settle(.init(tokens: 0, cost: 0, second: .min), tokens: tokens, cost: cost)
        }
    }

    /// Gives back what was set aside and not charged; the second time nothing happens.
    public func settle() {
        let ended = state.withLock { state in
            defer { state.grant = nil }
            return state.grant.map { ($0, state.tokens, state.cost) }
        }
        guard let (grant, tokens, cost) = ended else { return }
        account.settle(grant, tokens: tokens, cost: cost)
    }
}
