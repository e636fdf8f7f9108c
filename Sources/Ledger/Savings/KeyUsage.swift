public import Foundation
import GRDB

/// What one caller key used and cost on one day of UTC, in one currency.
public struct KeyUsage: Sendable, Equatable {
    /// The day's first moment, midnight UTC.
    public var day: Date
    /// The key's name.
    public var key: String
    /// The currency of `paidNano`; empty for the attempts whose price is unknown.
    public var currency: String
    /// Requests, each counted once, by its final attempt.
    public var requests: Int
    /// Attempts.
    public var attempts: Int
    /// Attempts without a price; they are in the tokens and not in the money.
    public var unpriced: Int
    /// Prompt tokens that were sent.
    public var promptTokens: Int
    /// Tokens of the answers.
    public var completionTokens: Int
    /// What was paid, in billionths of the currency unit.
    public var paidNano: Int64

    /// From the rollups, by key range: no row of an attempt is read.
    static func fetch(from: Date, in db: Database) throws -> [KeyUsage] {
        guard try db.tableExists("key_rollups") else { return [] }
        let sql = "SELECT * FROM key_rollups WHERE day >= ? ORDER BY day, key, currency"
        return try Row.fetchAll(db, sql: sql, arguments: [LedgerTime.day(from)]).map { row in
            let day: Int64 = row["day"]
            return KeyUsage(
                day: LedgerTime.date(hour: day * 24), key: row["key"], currency: row["currency"],
                requests: row["requests"], attempts: row["attempts"], unpriced: row["unpriced"],
                promptTokens: row["prompt_tokens"], completionTokens: row["completion_tokens"],
                paidNano: row["money_paid"])
        }
    }
}
