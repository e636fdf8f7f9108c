import Foundation
import GRDB
import TestSupport
import Testing

@testable import Ledger

@Suite("A ledger on a full disk")
struct FullDiskTests {
    /// A page limit makes SQLite report what a full disk does.
    @Test("acknowledges what has room in the journal, says so, and goes on by itself when there is room again")
    func fullTables() async throws {
        let folder = try TemporaryFolder()
        let store = try LedgerStore(
            path: folder.ledger, options: LedgerOptions(segmentBytes: 1, segmentLimit: 3, foldInterval: 0.01))
        let limit = try await store.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 20)")
            return pages + 20
        }
        var written: Set<String> = []
        var failures = 0
        for index in 0..<5000 where failures < 5 {
            do {
                try await store.record(.tuned("r\(index)"))
                written.insert("r\(index)")
            } catch {
                #expect(error.code == .diskFull)
                failures += 1
            }
        }
        #expect(limit > 20 && written.count > 100 && failures == 5)
        #expect(store.health.currentFailure?.code == .diskFull && !store.isWritable && store.health.failures == 5)
        #expect(try await store.savings().totals.requests == written.count)

        try await store.pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA max_page_count = 100000") }
        #expect(await eventually { store.health.isWritable && store.isWritable })
        for index in 6000..<6050 {
            try await store.record(.tuned("r\(index)"))
            written.insert("r\(index)")
        }
        await store.close()

        let reader = try LedgerReader(path: folder.ledger)
        #expect(try reader.attemptCount() == written.count)
        for id in written { #expect(try reader.entries(requestID: id).count == 1) }
        #expect(try reader.savings().totals.requests == written.count)
    }

    /// Files may not grow beyond what they are: the system refuses blocks as a full disk does.
    @Test("cannot be opened where its journal has no room, and says why")
    func noRoomForTheJournal() async throws {
        let folder = try TemporaryFolder()
        await (try LedgerStore(path: folder.ledger)).close()
        await #expect(processExitsWith: .success) { [path = folder.ledger as String] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 100_000, rlim_max: rlim_t.max)
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
            do throws(LedgerError) {
                _ = try LedgerStore(path: path)
                exit(3)
            } catch {
                exit(error.code == .diskFull ? 0 : 4)
            }
        }
        await (try LedgerStore(path: folder.ledger)).close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.contains("rows") })
    }
}
