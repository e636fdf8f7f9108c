import Foundation
import GRDB
import Ledger
import TestSupport
import Testing

@Suite("A ledger whose process is killed")
struct KillTests {
    /// Ten, or as many as `LEDGER_KILLS` says: `LEDGER_KILLS=200 swift test --filter KillTests`.
    private static let kills = ProcessInfo.processInfo.environment["LEDGER_KILLS"].flatMap { Int($0) } ?? 10

    /// Records from eight tasks, notes each row that `record` has returned for, and kills its own process after a while.
    private static func writeUntilKilled(folder: String, durability: LedgerOptions.Durability, killAfter: Int) async {
        let acknowledged = unsafe open(folder + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        // Small segments and a short interval, so that kills fall into rotations and folds as well.
        let options = LedgerOptions(
            durability: durability, segmentBytes: 1, segmentLimit: 4, batchLimit: 40, foldInterval: 0.002)
        guard acknowledged >= 0, let store = try? LedgerStore(path: folder + "/ledger.sqlite", options: options) else {
            return
        }
        let round = UUID().uuidString
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for index in 0... {
                        let id = "\(round) \(task) \(index)"
                        guard (try? await store.record(.tuned(id))) != nil else { return }
                        let line = Array((id + "\n").utf8)
                        _ = unsafe line.withUnsafeBytes { unsafe write(acknowledged, $0.baseAddress, $0.count) }
                        if store.health.recorded >= killAfter { kill(getpid(), SIGKILL) }
                    }
                }
            }
        }
    }

    /// Each writer's rows are numbered: those that are there are the first ones, without a gap.
    private static func gaps(in ids: [String]) -> Int {
        var numbers: [Substring: Set<Int>] = [:]
        for id in ids {
            let parts = id.split(separator: " ")
            numbers[id[..<parts[1].endIndex], default: []].insert(Int(parts[2]) ?? -1)
        }
        return numbers.values.count { $0 != Set(0..<$0.count) }
    }

    @Test(
        "loses and doubles no row that was acknowledged, in kills in the middle of traffic, and its rollups still agree",
        arguments: LedgerOptions.Durability.allCases)
    func kills(durability: LedgerOptions.Durability) async throws {
        let seed: UInt64 = 41
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let folder = try TemporaryFolder()
        var acknowledged: Set<String> = []
        for round in 1...Self.kills {
            let killAfter = round <= 3 ? round : Int.random(in: 1...600, using: &random)
            let path = folder.path
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, durability = durability.rawValue as String, killAfter = killAfter as Int] in
                await Self.writeUntilKilled(
                    folder: path, durability: LedgerOptions.Durability(rawValue: durability) ?? .process,
                    killAfter: killAfter)
            }
            let text = try String(contentsOfFile: folder.path + "/acknowledged", encoding: .utf8)
            acknowledged = Set(text.split(separator: "\n").map(String.init))

            // Another process sees what the killed one acknowledged, before anything was folded.
            let seen = try LedgerReader(path: folder.ledger).savings().totals.requests
            let store = try LedgerStore(path: folder.ledger)
            let requests = try await store.savings().totals.requests
            await store.close()
            #expect(requests == seen && requests >= acknowledged.count)
            if round % 10 == 0 || round == Self.kills { try await check(folder, acknowledged, requests) }
        }
        print("\(durability): \(Self.kills) kills, \(acknowledged.count) rows acknowledged")
    }

    private func check(_ folder: TemporaryFolder, _ acknowledged: Set<String>, _ requests: Int) async throws {
        let database = try DatabaseQueue(path: folder.ledger)
        let (check, ids) = try await database.read { db in
            (
                try String.fetchOne(db, sql: "PRAGMA quick_check"),
                try String.fetchAll(db, sql: "SELECT request_id FROM attempts")
            )
        }
        #expect(check == "ok")
        #expect(acknowledged.subtracting(ids).isEmpty)
        #expect(ids.count == Set(ids).count && ids.count == requests)
        #expect(Self.gaps(in: ids) == 0)
        // What was recorded and not yet noted: at most one row per task and kill.
        #expect(ids.count - acknowledged.count <= 8 * Self.kills)
    }
}
