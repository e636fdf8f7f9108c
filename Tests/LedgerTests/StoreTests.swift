import Foundation
import GRDB
import TestSupport
import Testing

@testable import Ledger

@Suite("The ledger's store")
struct StoreTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A connection that may hold the file for longer than one call.
    private static func otherProgram(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    @Test("gives back every field of 300 random entries, also after it was closed and opened again")
    func roundTrip() async throws {
        let seed: UInt64 = 11
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let entries = (0..<300).map { LedgerEntry.random("request \($0 / 2)", attempt: $0 % 2 + 1, using: &random) }
        let store = try LedgerStore(path: folder.ledger)
        try await store.recordAll(entries)
        #expect(try await store.entries(requestID: "request 7") == Array(entries[14...15]))
        await store.close()

        let reader = try LedgerReader(path: folder.ledger)
        for index in stride(from: 0, to: 300, by: 2) {
            #expect(try reader.entries(requestID: "request \(index / 2)") == Array(entries[index...index + 1]))
        }
        #expect(try reader.entries(requestID: "nobody") == [])
    }

    @Test("commits 10,000 concurrent entries in groups")
    func concurrent() async throws {
        let store = try LedgerStore(path: folder.ledger)
        try await store.recordAll((0..<10_000).map { .tuned("r\($0)") })
        let health = store.health
        #expect(health.committed == 10_000)
        #expect(health.transactions < 5000)
        #expect(health.isWritable && health.queueDepth == 0 && health.waitingForRoom == 0)
        let report = try await store.savings()
        #expect(report.totals.requests == 10_000)
        #expect(report.totals.tokens.prompt.saved == 9_800_000)
        #expect(try LedgerReader(path: folder.ledger).attemptCount() == 10_000)
    }

    @Test("makes callers wait when the queue is full, and takes all of them in the end")
    func backPressure() async throws {
        let store = try LedgerStore(
            path: folder.ledger, options: LedgerOptions(queueCapacity: 10, batchLimit: 4, busyTimeout: 60))
        let other = try Self.otherProgram(folder.ledger)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        async let all: Void = store.recordAll((0..<25).map { .tuned("r\($0)") })
        // A first batch of 1 to 4 is in the writer's hands, 10 are queued, the others wait for room.
        #expect(
            await eventually {
                let health = store.health
                return health.queueDepth == 10 && (11...14).contains(health.waitingForRoom)
            })
        #expect(store.health.committed == 0)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "COMMIT") }
        try await all
        #expect(store.health.committed == 25)
    }

    @Test("says so when another program holds the file, and recovers by itself")
    func busy() async throws {
        let store = try LedgerStore(path: folder.ledger, options: LedgerOptions(busyTimeout: 0.05))
        let other = try Self.otherProgram(folder.ledger)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        let error = await #expect(throws: LedgerError.self) { try await store.record(.tuned("lost")) }
        #expect(error?.code == .busy)
        #expect(!store.health.isWritable && store.health.failures == 1)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "COMMIT") }
        try await store.probe()
        #expect(store.health.isWritable)
        try await store.record(.tuned("kept"))
        #expect(try await store.entries(requestID: "lost") == [])
        #expect(try await store.entries(requestID: "kept").count == 1)
        #expect(try await store.savings().totals.requests == 1)
    }

    @Test("refuses a second row for the same attempt without touching the others of its group")
    func duplicates() async throws {
        let store = try LedgerStore(path: folder.ledger)
        let results = await withTaskGroup(of: LedgerError.Code?.self) { group in
            for index in 0..<200 {
                group.addTask {
                    do {
                        try await store.record(.tuned("r\(index / 2)"))
                        return nil
                    } catch { return (error as? LedgerError)?.code }
                }
            }
            return await group.reduce(into: [LedgerError.Code?]()) { $0.append($1) }
        }
        #expect(results.count { $0 == nil } == 100)
        #expect(results.count { $0 == .duplicate } == 100)
        #expect(try await store.savings().totals.requests == 100)
        #expect(store.health.isWritable)
    }

    @Test("refuses entries that would falsify the sums")
    func invalid() async throws {
        let store = try LedgerStore(path: folder.ledger)
        let edits: [@Sendable (inout LedgerEntry) -> Void] = [
            { $0.requestID = "" }, { $0.attempt = 0 }, { $0.task = "" }, { $0.tokens.sent.query = -1 },
            { $0.tokens.completion = -1 }, { $0.totalTime = .nan }, { $0.timeToFirstToken = -1 },
            { $0.money?.paid = -1 }, { $0.reason = "" }, { $0.money?.currency = "" },
            { $0.tokens.full.template = .max }, { $0.time = .distantPast.addingTimeInterval(-1e12) },
        ]
        for edit in edits {
            var entry = LedgerEntry.tuned("r")
            edit(&entry)
            let error = await #expect(throws: LedgerError.self) { try await store.record(entry) }
            #expect(error?.code == .invalidEntry)
        }
        #expect(try await store.savings().totals.attempts == 0)
    }

    @Test("writes what waits when it is closed, and refuses what comes later")
    func closing() async throws {
        let store = try LedgerStore(path: folder.ledger)
        async let all: Void = store.recordAll((0..<500).map { .tuned("r\($0)") })
        #expect(await eventually { store.health.committed > 0 })
        try await all
        await store.close()
        await store.close()
        let error = await #expect(throws: LedgerError.self) { try await store.record(.tuned("late")) }
        #expect(error?.code == .closed)
        #expect(try LedgerReader(path: folder.ledger).attemptCount() == 500)
    }

    @Test("gives its file back when it goes out of reach")
    func release() async throws {
        do {
            let store = try LedgerStore(path: folder.ledger)
            try await store.record(.tuned("r"))
        }
        let path = folder.ledger
        #expect(await eventually { (try? LedgerStore(path: path)) != nil })
    }

    @Test("syncs every commit when it has to survive the loss of power", arguments: LedgerOptions.Durability.allCases)
    func durability(durability: LedgerOptions.Durability) throws {
        let pool = try LedgerFile.openForWriting(folder.ledger, options: LedgerOptions(durability: durability))
        let (mode, level) = try pool.writeWithoutTransaction { db in
            (
                try String.fetchOne(db, sql: "PRAGMA journal_mode"), try Int.fetchOne(db, sql: "PRAGMA synchronous")
            )
        }
        #expect(mode == "wal")
        #expect(level == (durability == .power ? 2 : 1))
    }

    @Test("keeps the last mode of each task and the kill switch across restarts, and who changed them")
    func modes() async throws {
        let changes = [
            ModeChange(time: LedgerEntry.morning, subject: .task("house"), old: "off", new: "audit", who: "ann"),
            ModeChange(time: LedgerEntry.morning, subject: .killSwitch, old: "off", new: "on", who: "bob"),
            ModeChange(time: LedgerEntry.morning, subject: .task("other"), old: "off", new: "on", who: "ann"),
            // The clock went back; the order of arrival counts.
            ModeChange(
                time: LedgerEntry.morning - 3600, subject: .task("house"), old: "audit", new: "canary:5", who: "ann"),
        ]
        do {
            let store = try LedgerStore(path: folder.ledger)
            #expect(try store.currentModes() == ModeSnapshot())
            for change in changes { try await store.record(change) }
            await store.close()
        }
        let store = try LedgerStore(path: folder.ledger)
        let expected = ModeSnapshot(modes: ["house": "canary:5", "other": "on"], killSwitch: true)
        #expect(try store.currentModes() == expected)
        #expect(try await store.modeChanges() == changes.reversed())
        #expect(try await store.modeChanges(limit: 1) == [changes[3]])
        #expect(try LedgerReader(path: folder.ledger).currentModes() == expected)
    }
}
