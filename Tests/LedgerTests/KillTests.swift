import Foundation
import GRDB
import Ledger
import TestSupport
import Testing

@Suite("A ledger whose process is killed")
struct KillTests {
    /// Records from eight tasks, notes each row that `record` has returned for, and kills its own process after a while.
    private static func writeUntilKilled(folder: String, killAfter: Int) async {
        let acknowledged = unsafe open(folder + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        guard acknowledged >= 0, let store = try? LedgerStore(path: folder + "/ledger.sqlite") else { return }
        let round = UUID().uuidString
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for index in 0... {
                        let id = "\(round)-\(task)-\(index)"
                        guard (try? await store.record(.tuned(id))) != nil else { return }
                        let line = Array((id + "\n").utf8)
                        _ = unsafe line.withUnsafeBytes { unsafe write(acknowledged, $0.baseAddress, $0.count) }
                        if store.health.recorded >= killAfter { kill(getpid(), SIGKILL) }
                    }
                }
            }
        }
    }

    @Test("loses no row that was acknowledged, in eight kills in the middle of traffic, and its rollups still agree")
    func kills() async throws {
        let folder = try TemporaryFolder()
        for killAfter in [1, 2, 10, 57, 100, 333, 700, 1500] {
            let path = folder.path
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, killAfter = killAfter as Int] in
                await Self.writeUntilKilled(folder: path, killAfter: killAfter)
            }
            let text = try String(contentsOfFile: folder.path + "/acknowledged", encoding: .utf8)
            let acknowledged = Set(text.split(separator: "\n").map(String.init))

            // Another process sees what the killed one acknowledged, before anything was folded.
            let seen = try LedgerReader(path: folder.ledger).savings().totals.requests
            let store = try LedgerStore(path: folder.ledger)
            let requests = try await store.savings().totals.requests
            await store.close()
            let database = try DatabaseQueue(path: folder.ledger)
            let (check, ids) = try await database.read { db in
                (
                    try String.fetchOne(db, sql: "PRAGMA quick_check"),
                    try String.fetchAll(db, sql: "SELECT request_id FROM attempts")
                )
            }
            #expect(check == "ok")
            #expect(acknowledged.count >= killAfter / 2)
            #expect(acknowledged.subtracting(ids).isEmpty)
            #expect(requests == ids.count && seen == requests)
            // What was recorded and not yet noted: at most one row per task and kill.
            #expect(ids.count - acknowledged.count <= 8 * 8)
        }
    }
}
