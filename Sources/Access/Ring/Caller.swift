/// Whoever sent a request, known by its key.
public final class Caller: Sendable {
    /// The key's name, as the ledger's rows carry it.
    public let name: String
    /// Whether it sees every key's savings.
    public let isAdmin: Bool
    private let models: [Glob]?
    private let tasks: [Glob]?
    private let account: KeyAccount?

    init(_ policy: KeyPolicy, account: KeyAccount?) {
        name = policy.name
        isAdmin = policy.isAdmin
        models = policy.models
        tasks = policy.tasks
        self.account = account
    }

    /// Whether `reserve` looks at its arguments.
    public var isLimited: Bool { account != nil }

    /// Whether the key is for some models or some tasks alone: without such scopes `check` throws nothing.
    public var isScoped: Bool { models != nil || tasks != nil }

    /// Throws if the key may not ask for this model, or may not make requests of this task (nil: of no task).
    public func check(model: String, task: String?) throws(AccessRefusal) {
        if let models, !models.contains(where: { $0.matches(model) }) { throw .model(model) }
        guard let tasks else { return }
        guard let task, tasks.contains(where: { $0.matches(task) }) else { throw .task(task) }
    }

    /// Sets aside tokens and money for a request; nil if the key has no limits.
    ///
    /// - Parameters:
    ///   - tokens: what prompt and answer may come to.
    ///   - cost: the same in billionths of the currency unit; nil if the model has no price.
    public func reserve(tokens: Int, cost: Int64?) throws(AccessRefusal) -> Reservation? {
        guard let account else { return nil }
        let (grant, rates) = try account.reserve(tokens: tokens, cost: cost).get()
        return Reservation(account, grant, rates: rates)
    }

    /// Counts a request that the tuned model refused for its own sake, so that the full prompt has to follow; throws if
    /// the key has had its share of those.
    public func fallBack() throws(AccessRefusal) {
        if let refusal = account?.fallBack() { throw refusal }
    }

    /// What was spent and what is set aside in the current day or month, in billionths; nil without such a budget.
    public func budget(_ period: UTCPeriod) -> (spent: Int64, reserved: Int64)? { account?.budget(period) }
}
