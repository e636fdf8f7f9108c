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
        // The store's own thread may be writing at its start.
        configuration.busyMode = .timeout(5)
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

    @Test("acknowledges 10,000 concurrent entries, and has all of them in its report")
    func concurrent() async throws {
        let store = try LedgerStore(path: folder.ledger)
        try await store.recordAll((0..<10_000).map { .tuned("r\($0)") })
        #expect(store.health.recorded == 10_000)
        let report = try await store.savings()
        #expect(report.totals.requests == 10_000)
        #expect(report.totals.tokens.prompt.saved == 9_800_000)
        let health = store.health
        #expect(health.committed == 10_000 && health.transactions < 1000)
        #expect(health.isWritable && store.isWritable && health.waitingForRoom == 0 && health.failures == 0)
        #expect(try LedgerReader(path: folder.ledger).attemptCount() == 10_000)
    }

    @Test(
        "acknowledges on while another program holds the file, makes callers wait when the journal is full, and loses none"
    )
    func backPressure() async throws {
        let store = try LedgerStore(
            path: folder.ledger, options: LedgerOptions(segmentBytes: 1, segmentLimit: 2, busyTimeout: 60))
        let other = try Self.otherProgram(folder.ledger)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        async let all: Void = store.recordAll((0..<1000).map { .tuned("r\($0)") })
        #expect(
            await eventually {
                let health = store.health
                return health.recorded + health.waitingForRoom == 1000
            })
        let held = store.health
        #expect(held.recorded > 100 && held.waitingForRoom > 300 && held.committed == 0)
        #expect(try LedgerReader(path: folder.ledger).attemptCount() == held.recorded)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "COMMIT") }
        try await all
        #expect(try await store.savings().totals.requests == 1000)
        #expect(store.health.committed == 1000)
    }

    @Test("says so when another program holds the file, answers from the journal, and recovers by itself")
    func busy() async throws {
        let store = try LedgerStore(
            path: folder.ledger, options: LedgerOptions(segmentBytes: 1, segmentLimit: 2, busyTimeout: 0.05))
        let other = try Self.otherProgram(folder.ledger)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        try await store.record(.tuned("kept"))
        #expect(await eventually { store.health.currentFailure?.code == .busy && !store.isWritable })
        #expect(try await store.savings().totals.requests == 1)
        #expect(try await store.entries(requestID: "kept").count == 1)
        var recorded = 1
        let error = await #expect(throws: LedgerError.self) {
            for index in 0..<1000 {
                try await store.record(.tuned("r\(index)"))
                recorded += 1
            }
        }
        #expect(error?.code == .busy && recorded > 100 && store.health.failures == 1)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "COMMIT") }
        #expect(await eventually { store.health.isWritable && store.isWritable })
        #expect(try await store.savings().totals.requests == recorded)
    }

    @Test("folds rows that come one by one together, not each in a transaction of its own")
    func slowly() async throws {
        let store = try LedgerStore(path: folder.ledger, options: LedgerOptions(foldInterval: 0.5))
        let start = ContinuousClock.now
        for index in 0..<50 {
            try await store.record(.tuned("r\(index)"))
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(try await store.savings().totals.requests == 50)
        #expect(store.health.transactions <= 3 + Int((ContinuousClock.now - start) / .milliseconds(500)))
        try await store.record(.tuned("alone"))
        #expect(await eventually { store.health.queueDepth == 0 && store.health.committed == 51 })
    }

    @Test("keeps one row for an attempt that is recorded twice, counts the other, and loses none beside it")
    func duplicates() async throws {
        let store = try LedgerStore(path: folder.ledger, options: LedgerOptions(batchLimit: 7))
        try await store.recordAll((0..<200).map { .tuned("r\($0 / 2)") })
        #expect(try await store.savings().totals.requests == 100)
        #expect(store.health.duplicates == 100 && store.health.committed == 100)
        #expect(store.health.isWritable)
    }

    @Test("refuses entries that would falsify the sums")
    func invalid() async throws {
        let store = try LedgerStore(path: folder.ledger)
        let edits: [@Sendable (inout LedgerEntry) -> Void] = [
            { $0.requestID = "" }, { $0.attempt = 0 }, { $0.task = "" }, { $0.tokens.sent.query = -1 },
            { $0.tokens.completion = -1 }, { $0.totalTime = .nan }, { $0.timeToFirstToken = -1 },
            { $0.money?.paid = -1 }, { $0.reason = "" }, { $0.money?.currency = "" },
            { $0.tokens.full.template = .max }, { $0.attempt = .max }, { $0.status = -1 },
            { $0.schemaFingerprint = String(repeating: "x", count: 70_000) },
            { $0.time = .distantPast.addingTimeInterval(-1e12) },
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
        #expect(await eventually { store.health.recorded > 0 })
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
