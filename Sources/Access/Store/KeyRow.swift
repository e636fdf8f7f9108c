import Foundation
import GRDB

/// How a key becomes a row and a row a key.
enum KeyRow {
    static let insertion = """
        INSERT INTO keys (
            id, name, scheme, hash, created_ms, expires_ms, is_admin, models, tasks, requests_per_minute,
            tokens_per_minute, fallbacks_per_minute, daily_budget, monthly_budget
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static func arguments(_ key: KeyRecord) -> StatementArguments {
        let policy = key.policy
        return [
            key.id.description, policy.name, key.current.scheme.rawValue, Data(key.current.hash.bytes),
            milliseconds(key.created), policy.expiry.map(milliseconds), policy.isAdmin, text(policy.models),
            text(policy.tasks), policy.limits.requestsPerMinute, policy.limits.tokensPerMinute,
            policy.limits.fallbacksPerMinute, policy.limits.dailyBudget, policy.limits.monthlyBudget,
        ]
    }

    static func record(_ row: Row) throws -> KeyRecord {
        guard let id = KeyID(row["id"] as String), let current = stored(row["scheme"], row["hash"]) else {
            throw AccessError(.store, "the key store has a row that cannot be read: restore the file from a backup")
        }
        let policy = KeyPolicy(
            name: row["name"], isAdmin: row["is_admin"], models: globs(row["models"]), tasks: globs(row["tasks"]),
            expiry: date(row["expires_ms"]),
            limits: KeyLimits(
                requestsPerMinute: row["requests_per_minute"], tokensPerMinute: row["tokens_per_minute"],
                fallbacksPerMinute: row["fallbacks_per_minute"],
                dailyBudget: row["daily_budget"], monthlyBudget: row["monthly_budget"]))
        return KeyRecord(
            id: id, policy: policy, created: date(row["created_ms"]) ?? .distantPast, rotated: date(row["rotated_ms"]),
            revoked: date(row["revoked_ms"]), previousUntil: date(row["previous_until_ms"]), current: current,
            previous: stored(row["previous_scheme"], row["previous_hash"]))
    }

    static func milliseconds(_ date: Date) -> Int64 { Int64((date.timeIntervalSince1970 * 1000).rounded()) }

    private static func date(_ milliseconds: Int64?) -> Date? {
        milliseconds.map { Date(timeIntervalSince1970: Double($0) / 1000) }
    }

    private static func stored(_ scheme: String?, _ hash: Data?) -> KeyRecord.Stored? {
        guard let scheme = scheme.flatMap(KeyHasher.Scheme.init), let hash, let hash = KeyHash(bytes: Array(hash))
        else { return nil }
        return KeyRecord.Stored(scheme: scheme, hash: hash)
    }

    private static func text(_ globs: [Glob]?) -> String? {
        globs?.map(\.description).joined(separator: "\n")
    }

    private static func globs(_ text: String?) -> [Glob]? {
        text?.split(separator: "\n").compactMap { Glob(String($0)) }
    }
}
