import Foundation
import Ledger
import Testing

@Suite("The savings report")
struct ReportTests {
    /// Two tuned answers, one full prompt, one tuned failure with its fallback, one request of no task without a price.
    private static let day: [LedgerEntry] = {
        var failed = LedgerEntry.tuned("r4")
        failed.isFinal = false
        failed.outcome = .failed
        failed.status = 0
        failed.timeToFirstToken = nil
        failed.tokens.completion = 0
        failed.money?.paid = 2000
        var fallback = LedgerEntry.full("r4", reason: "tuned_failed")
        fallback.attempt = 2
        var passthrough = LedgerEntry.full("r5", reason: "unrecognized")
        passthrough.arm = .passthrough
        passthrough.task = nil
        passthrough.schemaFingerprint = nil
        passthrough.model = "unheard-of"
        passthrough.money = nil
        passthrough.tokens.full = SegmentTokens(other: 70)
        passthrough.tokens.sent = passthrough.tokens.full
        passthrough.tokens.completionSource = .estimated("bytes/4")
        return [
            .tuned("r1"), .tuned("r2", time: LedgerEntry.morning + 7200), .full("r3"), failed, fallback, passthrough,
        ]
    }()

    private func report(_ query: SavingsQuery = .all, _ entries: [LedgerEntry] = day) async throws -> SavingsReport {
        let folder = try TemporaryFolder()
        let store = try LedgerStore(path: folder.ledger)
        try await store.recordAll(entries)
        return try await store.savings(query)
    }

    @Test("counts each request once and each attempt's tokens and money")
    func totals() async throws {
        let report = try await report()
        let totals = report.totals
        #expect(totals.requests == 5 && totals.attempts == 6)
        #expect(totals.outcomes.complete == 5 && totals.outcomes.failed == 1)
        // Two full prompts in place of 20 tokens each, less the 20 of the failed attempt.
        #expect(totals.tokens.prompt.before == 2 * 1000 + 2 * 1000 + 70)
        #expect(totals.tokens.prompt.after == 3 * 20 + 2 * 1000 + 70)
        #expect(totals.tokens.prompt.saved == 2 * 980 - 20)
        #expect(totals.tokens.savedPercent == 47.67)
        #expect(totals.tokens.byKind["template"]?.saved == 1600)
        #expect(totals.tokens.byKind["query"]?.saved == -15)
        #expect(totals.unpricedAttempts == 1)
        let money = try #require(totals.money.first)
        #expect(totals.money.count == 1 && money.currency == "USD" && money.priceDates == ["2026-06-21"])
        #expect(money.beforeNano == 2 * 2_040_000 + 2 * 1_272_000)
        #expect(money.afterNano == 2 * 3000 + 2000 + 2 * 1_272_000)
        #expect(money.savedNano == 2 * 2_037_000 - 2000)
        #expect(money.savedCachedNano == 2 * 567_000 - 2000)
    }

    @Test("gives each breakdown the same totals, and a fallback its cost")
    func breakdowns() async throws {
        let report = try await report(SavingsQuery(bucket: .hour))
        let saved = report.totals.tokens.prompt.saved
        #expect(report.byTask.reduce(0) { $0 + $1.totals.tokens.prompt.saved } == saved)
        #expect(report.byArm.reduce(0) { $0 + $1.totals.tokens.prompt.saved } == saved)
        #expect(report.byReason.reduce(0) { $0 + $1.totals.tokens.prompt.saved } == saved)
        #expect(report.byModel.reduce(0) { $0 + $1.totals.tokens.prompt.saved } == saved)
        #expect(report.buckets.map(\.totals.tokens.prompt.saved) == [960, 980])
        #expect(report.byTask.map(\.label.task) == ["house", nil])
        let fallback = try #require(report.byReason.first { $0.label.reason == "tuned_failed" })
        #expect(fallback.totals.requests == 1 && fallback.totals.tokens.prompt.saved == 0)
        let origins = report.countOrigins.map { "\($0.count) \($0.source) \($0.attempts)" }
        #expect(
            origins == [
                "completion counted 3", "completion estimated: bytes/4 1", "completion reported 2", "full counted 6",
                "sent counted 3", "sent reported 3",
            ])
    }

    @Test("can be negative: a tuned model that only fails costs more than it saves")
    func negative() async throws {
        let report = try await report(.all, Self.day.filter { $0.requestID == "r4" })
        #expect(report.totals.requests == 1)
        #expect(report.totals.tokens.prompt.saved == -20)
        #expect(report.totals.tokens.savedPercent == -2)
        #expect(report.totals.money.first?.savedNano == -2000)
        #expect(SavingsTable(report).text.contains("-20 saved (-2.0 %)"))
    }

    @Test("keeps currencies apart")
    func currencies() async throws {
        var euro = LedgerEntry.tuned("e")
        euro.money?.currency = "EUR"
        euro.money?.priceDate = "2026-05-01"
        var later = LedgerEntry.tuned("l")
        later.money?.priceDate = "2026-09-01"
        let money = try await report(.all, [.tuned("u"), euro, later]).totals.money
        #expect(money.map(\.currency) == ["EUR", "USD"])
        #expect(money.map(\.savedNano) == [2_037_000, 2 * 2_037_000])
        #expect(money.map(\.priceDates) == [["2026-05-01"], ["2026-06-21", "2026-09-01"]])
    }

    @Test("is JSON with fixed names, and reads back the same")
    func json() async throws {
        let report = try await report(SavingsQuery(from: LedgerEntry.morning, bucket: .day))
        let text = try report.json()
        #expect(try JSONDecoder().decode(SavingsReport.self, from: Data(text.utf8)) == report)
        let root = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(
            root.keys.sorted() == [
                "buckets", "by_arm", "by_model", "by_reason", "by_task", "count_origins", "filter", "latency",
                "latency_relative_error", "totals",
            ])
        let arm = try #require((root["by_arm"] as? [[String: Any]])?.first)
        #expect(
            arm.keys.sorted() == ["arm", "attempts", "money", "outcomes", "requests", "tokens", "unpriced_attempts"])
        let task = try #require((root["by_task"] as? [[String: Any]])?.last)
        #expect(task["task"] is NSNull)
        #expect((root["filter"] as? [String: String]) == ["from": "2026-11-21T09:00:00Z", "bucket": "day"])
        #expect(text.contains("\"start\" : \"2026-11-21T00:00:00Z\""))
        #expect(text.contains("\"saved_percent\" : 47.67"))
    }

    @Test("is a table in the terminal")
    func table() async throws {
        let text = SavingsTable(try await report(SavingsQuery(bucket: .day))).text
        #expect(
            text == """
                Savings of all requests

                requests       5 in 6 attempts (5 complete, 0 partial, 0 aborted, 1 failed)
                prompt tokens  4,070 before, 2,130 after, 1,940 saved (47.67 %)
                money          USD 0.006624 before, 0.002552 after, 0.004072 saved
                               0.001132 saved if a cache had read the full prompts (prices of 2026-06-21)
                without price  1 of the attempts, left out of the money

                task       requests  attempts  before  after  saved   money saved
                house             4         5   4,000  2,060  1,940  USD 0.004072
                (no task)         1         1      70     70      0

                arm           reason          requests  attempts  before  after  saved   money saved
                internalized  on                     2         3   2,000     60  1,940  USD 0.004072
                full_prompt   canary_control         1         1   1,000  1,000      0      USD 0.00
                full_prompt   tuned_failed           1         1   1,000  1,000      0      USD 0.00
                passthrough   unrecognized           1         1      70     70      0

                segment kind  before  after  saved
                template       3,200  1,600  1,600
                examples         720    360    360
                context            0      0      0
                query             60     75    -15
                other             90     95     -5

                backend   model       requests  attempts  before  after  saved   money saved
                engine    small              2         3   2,000     60  1,940  USD 0.004072
                upstream  large              2         2   2,000  2,000      0      USD 0.00
                upstream  unheard-of         1         1      70     70      0

                latency (ms)  complete  first p50  first p95  total p50  total p95
                full_prompt          2      100.5      100.5      301.9      301.9
                internalized         2       10.1       10.1       30.3       30.3
                passthrough          1      100.5      100.5      301.9      301.9

                day                   requests  attempts  before  after  saved   money saved
                2026-11-21T00:00:00Z         5         6   4,070  2,130  1,940  USD 0.004072

                count       source              attempts  tokens
                completion  counted                    3      10
                completion  estimated: bytes/4         1       5
                completion  reported                   2      10
                full        counted                    6   5,070
                sent        counted                    3      60
                sent        reported                   3   2,070

                """)
    }

    @Test("says so when there is nothing")
    func empty() async throws {
        let report = try await report(SavingsQuery(task: "house"), [])
        #expect(report.totals.tokens.savedPercent == 0)
        #expect(report.latency.isEmpty && report.byArm.isEmpty)
        #expect(SavingsTable(report).text == "Savings of task house\n\nNo requests recorded.\n")
    }
}
