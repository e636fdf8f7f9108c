import Foundation
import GRDB

/// The `attempts` table: how an entry becomes a row and a row an entry.
enum AttemptRow {
    private static let columns = [
        "request_id", "attempt", "is_final", "time_ms", "task", "schema_fingerprint", "arm", "reason", "backend",
        "model", "full_template", "full_examples", "full_context", "full_query", "full_other", "full_source",
        "sent_template", "sent_examples", "sent_context", "sent_query", "sent_other", "sent_source",
        "completion_tokens", "completion_source", "cached_prompt_tokens", "money_full", "money_full_cached",
        "money_paid", "currency", "price_date", "first_token_ms", "total_ms", "status", "outcome",
        "key", "failure",
    ]

    /// Changes no row when the request's attempt is already there.
    static let insertion =
        "INSERT INTO attempts (\(columns.joined(separator: ", "))) "
        + "VALUES (\(columns.map { _ in "?" }.joined(separator: ", "))) ON CONFLICT (request_id, attempt) DO NOTHING"

    /// The values in the order of `columns`.
    static func arguments(_ entry: LedgerEntry) -> StatementArguments {
        let tokens = entry.tokens
        var values: [DatabaseValue] = []
        values.reserveCapacity(columns.count)
        values.append(entry.requestID.databaseValue)
        values.append(entry.attempt.databaseValue)
        values.append(entry.isFinal.databaseValue)
        values.append(LedgerTime.milliseconds(entry.time).databaseValue)
        values.append(entry.task?.databaseValue ?? .null)
        values.append(entry.schemaFingerprint?.databaseValue ?? .null)
        values.append(entry.arm.rawValue.databaseValue)
        values.append(entry.reason.databaseValue)
        values.append(entry.backend.databaseValue)
        values.append(entry.model.databaseValue)
        for kind in SegmentKind.allCases { values.append(tokens.full[kind].databaseValue) }
        values.append(tokens.fullSource.text.databaseValue)
        for kind in SegmentKind.allCases { values.append(tokens.sent[kind].databaseValue) }
        values.append(tokens.sentSource.text.databaseValue)
        values.append(tokens.completion.databaseValue)
        values.append(tokens.completionSource.text.databaseValue)
        values.append(tokens.cachedPrompt.databaseValue)
        values.append(entry.money?.full.databaseValue ?? .null)
        values.append(entry.money?.fullCached.databaseValue ?? .null)
        values.append(entry.money?.paid.databaseValue ?? .null)
        values.append(entry.money?.currency.databaseValue ?? .null)
        values.append(entry.money?.priceDate.databaseValue ?? .null)
        values.append(entry.timeToFirstToken?.databaseValue ?? .null)
        values.append(entry.totalTime.databaseValue)
        values.append(entry.status.databaseValue)
        values.append(entry.outcome.rawValue.databaseValue)
        values.append(entry.key?.databaseValue ?? .null)
        values.append(entry.failure?.databaseValue ?? .null)
        return StatementArguments(values)
    }

    /// The entries of a request, first attempt first.
    static func entries(requestID: String, in db: Database) throws -> [LedgerEntry] {
        let sql = "SELECT * FROM attempts WHERE request_id = ? ORDER BY attempt"
        return try Row.fetchAll(db, sql: sql, arguments: [requestID]).map(entry)
    }

    static func entry(_ row: Row) throws -> LedgerEntry {
        guard let arm = LedgerEntry.Arm(rawValue: row["arm"]),
            let outcome = LedgerEntry.Outcome(rawValue: row["outcome"])
        else {
            throw LedgerError(.damaged, "row \(row["id"] as Int64) of the ledger has an unknown arm or outcome")
        }
        return LedgerEntry(
            requestID: row["request_id"], attempt: row["attempt"], isFinal: row["is_final"],
            time: LedgerTime.date(milliseconds: row["time_ms"]), task: row["task"],
            schemaFingerprint: row["schema_fingerprint"], key: row["key"], arm: arm, reason: row["reason"],
            backend: row["backend"],
            model: row["model"], tokens: tokens(row), money: money(row), timeToFirstToken: row["first_token_ms"],
            totalTime: row["total_ms"], status: row["status"], outcome: outcome,
            failure: row["failure"])
    }

    private static func tokens(_ row: Row) -> TokenUse {
        TokenUse(
            full: segments(row, "full_"), fullSource: CountSource(text: row["full_source"]),
            sent: segments(row, "sent_"), sentSource: CountSource(text: row["sent_source"]),
            completion: row["completion_tokens"], completionSource: CountSource(text: row["completion_source"]),
            cachedPrompt: row["cached_prompt_tokens"])
    }

    private static func segments(_ row: Row, _ prefix: String) -> SegmentTokens {
        var tokens = SegmentTokens.zero
        for kind in SegmentKind.allCases { tokens[kind] = row[prefix + kind.rawValue] }
        return tokens
    }

    private static func money(_ row: Row) -> AttemptMoney? {
        guard let paid: Int64 = row["money_paid"] else { return nil }
        return AttemptMoney(
            full: row["money_full"], fullCached: row["money_full_cached"], paid: paid, currency: row["currency"],
            priceDate: row["price_date"])
    }
}
