import Foundation
import TestSupport
import Testing

@testable import Ledger

@Suite("The ledger's journal")
struct JournalTests {
    /// Published values of XXH64 with seed 0, and one with seed.
    @Test("has the checksums of XXH64")
    func checksums() {
        func sum(_ text: String, seed: UInt64 = 0) -> UInt64 {
            unsafe Array(text.utf8).withUnsafeBytes { unsafe JournalChecksum.of($0, seed: seed) }
        }
        #expect(sum("") == 0xEF46_DB37_51D8_E999)
        #expect(sum("a") == 0xD24E_C4F1_A98C_6E5B)
        #expect(sum("abc") == 0x44BC_2CF5_AD77_0999)
        #expect(sum("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
        #expect(sum("xxhash", seed: 20_141_025) == 0xB559_B98D_844E_0635)
    }

    @Test("keeps every field of 2,000 random entries")
    func records() throws {
        let seed: UInt64 = 17
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for index in 0..<2000 {
            let entry = LedgerEntry.random("r\(index)", attempt: index % 3 + 1, using: &random)
            let bytes = JournalRecord.encode(entry)
            let decoded = unsafe bytes.withUnsafeBytes { unsafe RecordView($0)?.entry }
            #expect(decoded == entry)
            // Cut short, it is not taken for another row.
            let cut = bytes.dropLast(Int.random(in: 1...bytes.count, using: &random))
            let isRefused = unsafe Array(cut).withUnsafeBytes { unsafe RecordView($0) == nil }
            #expect(isRefused)
        }
    }

    @Test("a record of the version before, which has no failure, is still a row")
    func earlierRecords() throws {
        var entry = LedgerEntry.tuned("r1")
        var bytes = JournalRecord.encode(entry)
        bytes[0] = JournalRecord.earlierKind
        bytes.removeLast(2)
        #expect(unsafe bytes.withUnsafeBytes { unsafe RecordView($0)?.entry } == entry)
        entry.failure = "broken"
        bytes = JournalRecord.encode(entry)
        #expect(unsafe bytes.withUnsafeBytes { unsafe RecordView($0)?.entry } == entry)
    }

    /// A ledger whose journal holds 20 rows that no table has, as a killed process leaves it.
    private func killed(_ folder: TemporaryFolder) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.ledger as String] in
            let store = try LedgerStore(path: path, options: LedgerOptions(segmentBytes: 1, foldInterval: 1000))
            try await store.record(.tuned("first"))
            _ = try await store.savings()
            for index in 0..<20 { try await store.record(.tuned("r\(index)")) }
            kill(getpid(), SIGKILL)
        }
    }

    @Test("is folded exactly once at the next start, and its files go")
    func replay() async throws {
        let folder = try TemporaryFolder()
        try await killed(folder)
        #expect(try LedgerReader(path: folder.ledger).attemptCount() == 21)
        #expect(try LedgerReader(path: folder.ledger).entries(requestID: "r7").count == 1)
        #expect(try LedgerReader(path: folder.ledger).savings().totals.requests == 21)
        let old = JournalFiles(ledger: folder.ledger).paths.map { ($0, FileManager.default.contents(atPath: $0)) }
        for _ in 0..<3 {
            let store = try LedgerStore(path: folder.ledger)
            #expect(try await store.savings().totals.requests == 21)
            await store.close()
            #expect(JournalFiles(ledger: folder.ledger).paths.isEmpty)
            // Files of before the fold, as if the process had been killed between the commit and their removal.
            for (path, content) in old { _ = FileManager.default.createFile(atPath: path, contents: content) }
            #expect(try LedgerReader(path: folder.ledger).attemptCount() == 21)
        }
    }

    @Test("loses at most the record that is torn or damaged, wherever the damage is")
    func damage() async throws {
        let seed: UInt64 = 29
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let folder = try TemporaryFolder()
        try await killed(folder)
        let files = JournalFiles(ledger: folder.ledger)
        let file = try #require(files.files.first)
        var ends: [Int] = []
        files.forEach(from: .start) { _, position in ends.append(position.offset) }
        #expect(ends.count == 21)
        let last = try #require(ends.last)
        for _ in 0..<300 {
            var bytes = file.bytes
            let place = Int.random(in: JournalSegment.headerBytes..<last, using: &random)
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            #expect(FileManager.default.createFile(atPath: file.path, contents: Data(bytes)))
            var ids: [String] = []
            JournalFiles(ledger: folder.ledger).forEach(from: .start) { record, _ in ids.append(record.entry.requestID)
            }
            let hit = ends.firstIndex { place < $0 } ?? 0
            #expect(ids.prefix(hit) == (["first"] + (0..<20).map { "r\($0)" }).prefix(hit))
            #expect(ids.count <= 20)
        }
        for cut in [last - 1, ends[19] + 3, ends[19], JournalSegment.headerBytes, 10, 0] {
            let bytes = Data(file.bytes.prefix(cut))
            #expect(FileManager.default.createFile(atPath: file.path, contents: bytes))
            var count = 0
            JournalFiles(ledger: folder.ledger).forEach(from: .start) { _, _ in count += 1 }
            #expect(count == ends.count { $0 <= cut })
        }
    }

    @Test("writes its segments again and again without taking an old record for a new one")
    func recycling() async throws {
        let folder = try TemporaryFolder()
        let path = folder.ledger
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let store = try LedgerStore(
                path: path,
                options: LedgerOptions(segmentBytes: 1, segmentLimit: 2, batchLimit: 50, foldInterval: 0.001))
            for index in 0..<5000 { try await store.record(.tuned("r\(index)")) }
            kill(getpid(), SIGKILL)
        }
        #expect(JournalFiles(ledger: path).paths.count == 2)
        #expect(try LedgerReader(path: path).attemptCount() == 5000)
        let store = try LedgerStore(path: path)
        #expect(try await store.savings().totals.requests == 5000)
        #expect(store.health.duplicates == 0)
    }

    @Test(
        "is read by another process in the middle of folds and rotations: each reading has every row acknowledged before it"
    )
    func readingAlong() async throws {
        let folder = try TemporaryFolder()
        let store = try LedgerStore(
            path: folder.ledger,
            options: LedgerOptions(segmentBytes: 1, segmentLimit: 2, batchLimit: 30, foldInterval: 0.001))
        async let written: Void = {
            for index in 0..<3000 {
                try await store.record(.tuned("r\(index)"))
                if index % 10 == 0 { await Task.yield() }
            }
        }()
        let reader = try LedgerReader(path: folder.ledger)
        var readings = 0
        while store.health.recorded < 3000 || readings < 3 {
            let before = store.health.recorded
            let requests = try reader.savings().totals.requests
            let rows = try reader.attemptCount()
            let after = store.health.recorded
            #expect(before <= requests && requests <= rows && rows <= after)
            readings += 1
            // Where there is one core, there is one thread for both.
            await Task.yield()
        }
        try await written
        #expect(try await store.savings().totals.requests == 3000)
    }
}
