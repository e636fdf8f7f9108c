import Foundation
import GRDB
import TestSupport
import Testing

@testable import Ledger

@Suite("Rollups")
struct RollupTests {
    /// What the rows themselves say, put down independently of `AttemptEffect` and `RollupSums`.
    private static let fromRows = """
        WITH effects AS (
            SELECT *, CASE
                WHEN arm <> 'internalized' THEN 'same'
                WHEN is_final = 0 OR outcome = 'failed' THEN 'nothing'
                WHEN outcome = 'complete' OR first_token_ms IS NOT NULL THEN 'full'
                ELSE 'same' END AS baseline
            FROM attempts)
        SELECT
            sum(is_final), count(*), sum(money_paid IS NULL), sum(outcome = 'complete'), sum(outcome = 'partial'),
            sum(outcome = 'aborted'), sum(outcome = 'failed'),
            \(["template", "examples", "context", "query", "other"].map { kind in
                "sum(CASE baseline WHEN 'full' THEN full_\(kind) WHEN 'same' THEN sent_\(kind) ELSE 0 END)"
            }.joined(separator: ", ")),
            sum(sent_template), sum(sent_examples), sum(sent_context), sum(sent_query), sum(sent_other),
            sum(completion_tokens), sum(cached_prompt_tokens),
            sum(CASE baseline WHEN 'full' THEN ifnull(money_full, 0) WHEN 'same' THEN ifnull(money_paid, 0) ELSE 0 END),
            sum(CASE baseline WHEN 'full' THEN ifnull(money_full_cached, 0)
                WHEN 'same' THEN ifnull(money_paid, 0) ELSE 0 END),
            sum(ifnull(money_paid, 0))
        FROM effects
        """

    private static func values(_ sql: String, in database: DatabaseQueue) throws -> [[DatabaseValue]] {
        try database.read { db in try Row.fetchAll(db, sql: sql).map { Array($0.databaseValues) } }
    }

    @Test("agree with the rows for 3,000 random entries, over everything and within every key")
    func agreement() async throws {
        let seed: UInt64 = 23
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let folder = try TemporaryFolder()
        let store = try LedgerStore(path: folder.ledger, options: LedgerOptions(batchLimit: 64))
        try await store.recordAll((0..<3000).map { .random("r\($0)", attempt: 1, using: &random) })
        await store.close()

        let database = try DatabaseQueue(path: folder.ledger)
        let columns = RollupSums.columns.map { "sum(\($0))" }.joined(separator: ", ")
        let keys = [
            ("", ""), ("arm", "arm"), ("reason, task", "reason, ifnull(task, '')"),
            ("backend, model", "backend, model"),
            ("currency, price_date", "ifnull(currency, ''), ifnull(price_date, '')"),
            ("hour", "time_ms / 3600000"),
        ]
        for (ofRollups, ofRows) in keys {
            let suffix = { (keys: String) in keys.isEmpty ? "" : " GROUP BY \(keys) ORDER BY \(keys)" }
            let rollups = try Self.values("SELECT \(columns) FROM rollups" + suffix(ofRollups), in: database)
            let rows = try Self.values(Self.fromRows + suffix(ofRows), in: database)
            #expect(!rollups.isEmpty)
            #expect(rollups == rows)
        }
        let (latencies, sources) = try await database.read { db in
            (
                try Int.fetchOne(db, sql: "SELECT sum(attempts) FROM latency_rollups"),
                try Int.fetchOne(db, sql: "SELECT sum(tokens) FROM source_rollups")
            )
        }
        let (expectedLatencies, expectedSources) = try await database.read { db in
            (
                try Int.fetchOne(
                    db,
                    sql: "SELECT sum(1 + (first_token_ms IS NOT NULL)) FROM attempts WHERE outcome = 'complete'"),
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT sum(completion_tokens + full_template + full_examples + full_context + full_query
                            + full_other + sent_template + sent_examples + sent_context + sent_query + sent_other)
                        FROM attempts
                        """)
            )
        }
        #expect(latencies == expectedLatencies)
        #expect(sources == expectedSources)
    }

    @Test("count hours of UTC from the entry's own time, on both sides of a change to summer time and before 1970")
    func hours() async throws {
        let folder = try TemporaryFolder()
        let store = try LedgerStore(path: folder.ledger)
        // 2026-03-28T00:00:00Z; many clocks go forward on the 29th at 01:00 UTC.
        let start = Date(timeIntervalSince1970: 1_774_656_000)
        try await store.recordAll(
            (0..<48).map { .tuned("r\($0)", time: start + Double($0) * 3600 + ($0 % 2 == 0 ? 0 : 3599.999)) })
        try await store.record(.tuned("old", time: Date(timeIntervalSince1970: -1)))

        let days = try await store.savings(SavingsQuery(from: start, bucket: .day)).buckets
        #expect(days.map(\.label.start) == ["2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z"])
        #expect(days.map(\.totals.requests) == [24, 24])
        let hours = try await store.savings(SavingsQuery(bucket: .hour)).buckets
        #expect(hours.count == 49)
        #expect(hours.allSatisfy { $0.totals.requests == 1 })
        #expect(hours.first?.label.start == "1969-12-31T23:00:00Z")
        #expect(hours.last?.label.start == "2026-03-29T23:00:00Z")
    }

    @Test("serve a report over 2,000 hours without looking at a row")
    func rowsAreNotRead() async throws {
        let folder = try TemporaryFolder()
        let store = try LedgerStore(path: folder.ledger)
        try await store.recordAll((0..<2000).map { .tuned("r\($0)", time: LedgerEntry.morning + Double($0) * 3600) })
        await store.close()
        let database = try DatabaseQueue(path: folder.ledger)
        try await database.write { db in try db.execute(sql: "DELETE FROM attempts") }
        try database.close()
        let report = try LedgerReader(path: folder.ledger).savings(SavingsQuery(bucket: .day))
        #expect(report.totals.requests == 2000)
        #expect(report.buckets.count == 84)
    }
}
