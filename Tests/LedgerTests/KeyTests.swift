import Foundation
import GRDB
import Testing

@testable import Ledger

@Suite("Caller keys in the ledger")
struct KeyTests {
    private func keyed(_ id: String, _ key: String?, days: Double = 0) -> LedgerEntry {
        var entry = LedgerEntry.tuned(id, time: LedgerEntry.morning + days * 86_400)
        entry.key = key
        return entry
    }

    @Test("are kept with each row, and their use is summed by day and currency")
    func usage() async throws {
        let folder = try TemporaryFolder()
        let store = try LedgerStore(path: folder.ledger)
        var unpriced = keyed("5", "ann")
        unpriced.money = nil
        unpriced.isFinal = false
        try await store.recordAll([
            keyed("1", "ann"), keyed("2", "ann"), keyed("3", "bob"), keyed("4", nil), unpriced,
            keyed("6", "ann", days: 1), keyed("7", "ann", days: -30),
        ])
        #expect(try await store.entries(requestID: "3").map(\.key) == ["bob"])
        #expect(try await store.entries(requestID: "4").map(\.key) == [nil])

        let midnight = Date(timeIntervalSince1970: 1_795_219_200)
        let ann = KeyUsage(
            day: midnight, key: "ann", currency: "USD", requests: 2, attempts: 2, unpriced: 0, promptTokens: 40,
            completionTokens: 10, paidNano: 6000)
        var without = ann
        (without.currency, without.requests, without.attempts, without.unpriced) = ("", 0, 1, 1)
        (without.promptTokens, without.completionTokens, without.paidNano) = (20, 5, 0)
        var bob = ann
        (bob.key, bob.requests, bob.attempts, bob.promptTokens) = ("bob", 1, 1, 20)
        (bob.completionTokens, bob.paidNano) = (5, 3000)
        var next = bob
        (next.key, next.day) = ("ann", midnight + 86_400)
        #expect(try store.keyUsage(from: LedgerEntry.morning) == [without, ann, bob, next])
        await store.close()
        #expect(try LedgerReader(path: folder.ledger).keyUsage(from: .distantPast).count == 5)
    }

    @Test("come to a ledger of the version before them, whose rows and sums stay as they were")
    func migration() async throws {
        let folder = try TemporaryFolder()
        let old = try DatabasePool(path: folder.ledger)
        try LedgerMigrations.migrator.migrate(old, upTo: "1-attempts-rollups-modes")
        try await old.write { db in
            try db.execute(
                sql: """
                    INSERT INTO attempts VALUES (1, 'old', 1, 1, 1795253400000, 'house', NULL, 'passthrough', 'none', 'up',
                        'm', 0, 0, 0, 7, 0, 'counted', 0, 0, 0, 7, 0, 'counted', 3, 'counted', 0, 5, 5, 5, 'USD', 'd',
                        NULL, 12.5, 200, 'complete');
                    """)
        }
        try old.close()
        let reader = try? LedgerReader(path: folder.ledger)
        #expect(try reader?.entries(requestID: "old").count == 1)

        let store = try LedgerStore(path: folder.ledger)
        let row = try #require(try await store.entries(requestID: "old").first)
        #expect(row.key == nil && row.tokens.sent.query == 7 && row.totalTime == 12.5)
        try await store.record(keyed("new", "ann"))
        #expect(try store.keyUsage(from: .distantPast).map(\.key) == ["ann"])
    }
}
