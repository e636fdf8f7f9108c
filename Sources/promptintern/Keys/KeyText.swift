import Access
import Foundation
import Ledger

/// Keys as the terminal shows them.
enum KeyText {
    /// The key alone on standard output, so that a script can take it; the rest on standard error.
    static func show(_ issued: IssuedKey) {
        put("\(issued.record.policy.name): this is the only time that the key is shown", to: .standardError)
        if let until = issued.record.previousUntil {
            put("the key before is accepted until \(KeyTime.text(until))", to: .standardError)
        }
        put(issued.token.text, to: .standardOutput)
    }

    /// A row of the list.
    static func cells(_ key: KeyRecord) -> [String] {
        let policy = key.policy
        return [
            policy.name, key.id.description, state(key), policy.expiry.map(KeyTime.text) ?? "never",
            list(policy.models), list(policy.tasks), limits(policy.limits),
        ]
    }

    /// Everything about a key, a line each.
    static func details(_ key: KeyRecord) -> String {
        let policy = key.policy
        var rows = [
            ["name", policy.name], ["id", key.id.description], ["state", state(key)],
            ["admin", policy.isAdmin ? "yes" : "no"], ["models", list(policy.models)], ["tasks", list(policy.tasks)],
            ["limits", limits(policy.limits)], ["created", KeyTime.text(key.created)],
            ["expires", policy.expiry.map(KeyTime.text) ?? "never"],
        ]
        if let rotated = key.rotated { rows.append(["rotated", KeyTime.text(rotated)]) }
        if let until = key.previousUntil { rows.append(["key before", "accepted until \(KeyTime.text(until))"]) }
        if let revoked = key.revoked { rows.append(["revoked", KeyTime.text(revoked)]) }
        return Columns(rows: rows).text
    }

    private static func state(_ key: KeyRecord) -> String { key.state(at: Date()).rawValue }

    private static func list(_ globs: [Glob]?) -> String {
        globs?.map(\.description).joined(separator: ",") ?? "any"
    }

    private static func limits(_ limits: KeyLimits) -> String {
        var parts: [String] = []
        if let number = limits.requestsPerMinute { parts.append("\(number) requests/min") }
        if let number = limits.tokensPerMinute { parts.append("\(number) tokens/min") }
        if let number = limits.fallbacksPerMinute { parts.append("\(number) fallbacks/min") }
        if let amount = limits.dailyBudget { parts.append("\(NanoAmount.text(amount))/day") }
        if let amount = limits.monthlyBudget { parts.append("\(NanoAmount.text(amount))/month") }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}
