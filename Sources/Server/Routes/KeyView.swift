import Access
import Foundation
import Ledger

/// A key as `GET /admin/keys` shows it: everything but its secret, which only stands there when it was just made.
struct KeyView: Encodable {
    struct Budget: Encodable {
        let limit: String
        let spent: String?
        let reserved: String?
    }

    let id: String
    let name: String
    let state: String
    let admin: Bool
    let models: [String]?
    let tasks: [String]?
    let created: String
    let rotated: String?
    let expires: String?
    let revoked: String?
    let previousAcceptedUntil: String?
    let requestsPerMinute: Int?
    let tokensPerMinute: Int?
    let fallbacksPerMinute: Int?
    let budgetPerDay: Budget?
    let budgetPerMonth: Budget?
    let token: String?

    init(_ key: KeyRecord, used: KeyReport? = nil, token: String? = nil) {
        let policy = key.policy
        id = key.id.description
        name = policy.name
        state = key.state(at: Date()).rawValue
        admin = policy.isAdmin
        models = policy.models?.map(\.description)
        tasks = policy.tasks?.map(\.description)
        created = KeyTime.text(key.created)
        rotated = key.rotated.map(KeyTime.text)
        expires = policy.expiry.map(KeyTime.text)
        revoked = key.revoked.map(KeyTime.text)
        previousAcceptedUntil = key.previousUntil.map(KeyTime.text)
        requestsPerMinute = policy.limits.requestsPerMinute
        tokensPerMinute = policy.limits.tokensPerMinute
        fallbacksPerMinute = policy.limits.fallbacksPerMinute
        budgetPerDay = Self.budget(policy.limits.dailyBudget, used?.day)
        budgetPerMonth = Self.budget(policy.limits.monthlyBudget, used?.month)
        self.token = token
    }

    private static func budget(_ limit: Int64?, _ used: KeyReport.Amount?) -> Budget? {
        limit.map {
            Budget(
                limit: NanoAmount.text($0), spent: used.map { NanoAmount.text($0.spent) },
                reserved: used.map { NanoAmount.text($0.reserved) })
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, name, state, admin, models, tasks, created, rotated, expires, revoked, token
        case previousAcceptedUntil = "previous_accepted_until"
        case requestsPerMinute = "requests_per_minute"
        case tokensPerMinute = "tokens_per_minute"
        case fallbacksPerMinute = "fallbacks_per_minute"
        case budgetPerDay = "budget_per_day"
        case budgetPerMonth = "budget_per_month"
    }
}
