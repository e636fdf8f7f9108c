import Access
import Ledger

extension ClientKeySetting: CustomReflectable {
    /// The members as they stand in the file; the key itself masks itself.
    public var customMirror: Mirror {
        var members: [(label: String?, value: Any)] = []
        switch form {
        case .key(let secret): members.append(("key", secret))
        case .sha256(let hash): members.append(("sha256", hash))
        }
        if let policy {
            // Not as a `String`: keys are a list, whether or not they have names.
            members.append(("name", policy.name[...]))
            if policy.isAdmin { members.append(("admin", "true")) }
            members.append(("models", policy.models?.map(\.description) ?? []))
            members.append(("tasks", policy.tasks?.map(\.description) ?? []))
            if let expiry = policy.expiry { members.append(("expires", KeyTime.text(expiry))) }
            if let number = policy.limits.requestsPerMinute { members.append(("requestsPerMinute", number)) }
            if let number = policy.limits.tokensPerMinute { members.append(("tokensPerMinute", number)) }
            if let number = policy.limits.fallbacksPerMinute { members.append(("fallbacksPerMinute", number)) }
            if let amount = policy.limits.dailyBudget { members.append(("budgetPerDay", NanoAmount.text(amount))) }
            if let amount = policy.limits.monthlyBudget { members.append(("budgetPerMonth", NanoAmount.text(amount))) }
        }
        return Mirror(self, children: members, displayStyle: .struct)
    }
}
