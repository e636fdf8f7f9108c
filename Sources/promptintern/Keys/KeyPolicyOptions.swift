import Access
import ArgumentParser
import Ledger

/// What a new key may do.
struct KeyPolicyOptions: ParsableArguments {
    @Flag(help: "It sees every key's savings.")
    var admin = false

    @Option(help: ArgumentHelp("A model that it may ask for, * for any text; repeatable.", valueName: "pattern"))
    var model: [String] = []

    @Option(
        help: ArgumentHelp("A task that its requests must belong to; repeatable.", valueName: "pattern"))
    var task: [String] = []

    @Option(help: ArgumentHelp("When it ends: 90d, 2027-01-31 or 2027-01-31T12:00:00Z.", valueName: "time"))
    var expires: String?

    @Option(help: ArgumentHelp("Requests in any 60 seconds.", valueName: "n"))
    var requestsPerMinute: Int?

    @Option(help: ArgumentHelp("Tokens of prompts and answers in any 60 seconds.", valueName: "n"))
    var tokensPerMinute: Int?

    @Option(
        help: ArgumentHelp(
            "Requests in any 60 seconds that a tuned model refuses for their own sake.", valueName: "n"))
    var fallbacksPerMinute: Int?

    @Option(help: ArgumentHelp("Money a day of UTC, in the price file's currency.", valueName: "amount"))
    var budgetPerDay: String?

    @Option(help: ArgumentHelp("Money a month of UTC, in the price file's currency.", valueName: "amount"))
    var budgetPerMonth: String?

    func policy(name: String) throws -> KeyPolicy {
        var policy = KeyPolicy(name: name, isAdmin: admin)
        policy.models = try globs(model, "--model")
        policy.tasks = try globs(task, "--task")
        if let expires {
            guard let time = KeyTime.expiry(expires) else {
                throw ValidationError("--expires '\(expires)' is no time: write \(KeyTime.expiryForms)")
            }
            policy.expiry = time
        }
        policy.limits.requestsPerMinute = requestsPerMinute
        policy.limits.tokensPerMinute = tokensPerMinute
        policy.limits.fallbacksPerMinute = fallbacksPerMinute
        policy.limits.dailyBudget = try money(budgetPerDay, "--budget-per-day")
        policy.limits.monthlyBudget = try money(budgetPerMonth, "--budget-per-month")
        return policy
    }

    private func globs(_ texts: [String], _ flag: String) throws -> [Glob]? {
        if texts.isEmpty { return nil }
        return try texts.map { text in
            guard let glob = Glob(text) else {
                throw ValidationError("\(flag) '\(text)' is no pattern: write a name, with * for any text")
            }
            return glob
        }
    }

    private func money(_ text: String?, _ flag: String) throws -> Int64? {
        guard let text else { return nil }
        guard let amount = NanoAmount.parse(text) else {
            throw ValidationError("\(flag) '\(text)' is no amount: write a decimal number such as 12.50")
        }
        return amount
    }
}
