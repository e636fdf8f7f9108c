import GRDB
import Testing

@testable import Ledger

@Suite("A ledger on a full disk")
struct FullDiskTests {
    /// A page limit makes SQLite report what a full disk does.
    @Test("says so, keeps every committed row, and goes on by itself when there is room again")
    func fullDisk() async throws {
        let folder = try TemporaryFolder()
        let pool = try LedgerFile.openForWriting(folder.ledger, options: LedgerOptions())
        let writer = LedgerWriter(
            path: folder.ledger, pool: pool, lock: try LedgerLock(ledger: folder.ledger),
            options: LedgerOptions(batchLimit: 16))
        writer.start()
        let pages = try await pool.read { db in try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0 }
        try await pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 20)")
        }

        var written: Set<String> = []
        var failures = 0
        for index in 0..<2000 where failures < 5 {
            do {
                try await writer.submit(.entry(.tuned("r\(index)")))
                written.insert("r\(index)")
                #expect(failures == 0)
            } catch {
                #expect(error.code == .diskFull)
                failures += 1
            }
        }
        #expect(written.count > 20 && failures == 5)
        #expect(writer.health.currentFailure?.code == .diskFull)

        try await pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA max_page_count = 100000") }
        try await writer.submit(.probe)
        #expect(writer.health.isWritable)
        for index in 3000..<3050 {
            try await writer.submit(.entry(.tuned("r\(index)")))
            written.insert("r\(index)")
        }
        await writer.close()

        let reader = try LedgerReader(path: folder.ledger)
        #expect(try reader.attemptCount() == written.count)
        for id in written { #expect(try reader.entries(requestID: id).count == 1) }
        #expect(try reader.savings().totals.requests == written.count)
    }
}
