import GRDB

/// What is summed per day, caller key and currency.
struct KeySums {
    private(set) var requests = 0
    private(set) var attempts = 0
    private(set) var unpriced = 0
    private(set) var promptTokens = 0
    private(set) var completionTokens = 0
    private(set) var paid: Int64 = 0

    /// Adds one attempt.
    mutating func add(_ entry: LedgerEntry) {
        requests += entry.isFinal ? 1 : 0
        attempts += 1
        unpriced += entry.money == nil ? 1 : 0
        promptTokens += entry.tokens.sent.total
        completionTokens += entry.tokens.completion
        paid += entry.money?.paid ?? 0
    }

    /// Adds the sums to the table.
    func write(day: Int64, key: String, currency: String, to db: Database) throws {
        try db.cachedStatement(sql: Self.upsert).execute(arguments: [
            day, key, currency, requests, attempts, unpriced, promptTokens, completionTokens, paid,
        ])
    }

    private static let columns = [
        "requests", "attempts", "unpriced", "prompt_tokens", "completion_tokens", "money_paid",
    ]
    private static let upsert =
        "INSERT INTO key_rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        + columns.map { "\($0) = \($0) + excluded.\($0)" }.joined(separator: ", ")
}
