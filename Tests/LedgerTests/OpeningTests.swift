import Foundation
import GRDB
import Testing

@testable import Ledger

@Suite("Opening a ledger")
struct OpeningTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func opened(_ path: String) -> LedgerError? {
        #expect(throws: LedgerError.self) { _ = try LedgerStore(path: path) }
    }

    @Test("in a folder that is not there says which and what to do")
    func missingFolder() {
        let path = folder.path + "/none/ledger.sqlite"
        let error = opened(path)
        #expect(error?.code == .cannotOpen)
        #expect(error?.message.contains(path) == true)
        #expect(error?.message.contains("Create its folder") == true)
    }

    @Test("at a folder's path says so")
    func isFolder() {
        #expect(opened(folder.path)?.code == .cannotOpen)
    }

    @Test("on a file of another format refuses and leaves the file alone")
    func otherFormat() throws {
        let text = Data("a text that is no database at all, long enough to be a header of one".utf8)
        #expect(FileManager.default.createFile(atPath: folder.ledger, contents: text))
        #expect(opened(folder.ledger)?.code == .notALedger)
        #expect(FileManager.default.contents(atPath: folder.ledger) == text)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["ledger.sqlite"])
        #expect(throws: LedgerError.self) { _ = try LedgerReader(path: folder.ledger) }
    }

    @Test("on a damaged database says so")
    func damaged() throws {
        let text = Data("SQLite format 3\0".utf8) + Data(repeating: 7, count: 4096)
        #expect(FileManager.default.createFile(atPath: folder.ledger, contents: text))
        #expect([.notALedger, .damaged].contains(opened(folder.ledger)?.code))
    }

    @Test("on another program's database refuses and adds no table to it")
    func otherProgram() throws {
        let other = try DatabaseQueue(path: folder.ledger)
        try other.write { db in try db.execute(sql: "CREATE TABLE notes (text)") }
        #expect(opened(folder.ledger)?.code == .notALedger)
        let tables = try other.read { db in try String.fetchAll(db, sql: "SELECT name FROM sqlite_master") }
        #expect(tables == ["notes"])
    }

    @Test("after a start that broke off before it had a table, goes on")
    func brokenOff() async throws {
        let begun = try DatabaseQueue(path: folder.ledger)
        try await begun.write { db in
            try db.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        }
        try begun.close()
        let error = #expect(throws: LedgerError.self) { _ = try LedgerReader(path: folder.ledger) }
        #expect(error?.code == .cannotOpen)
        #expect(error?.message.contains("\(folder.ledger) has no tables") == true)
        #expect(error?.message.contains("Start the gateway") == true)
        let store = try LedgerStore(path: folder.ledger)
        await store.close()
        #expect(try LedgerReader(path: folder.ledger).attemptCount() == 0)
    }

    @Test("that an older version wrote is read as far as it goes, and then says to start the gateway once")
    func older() async throws {
        let begun = try DatabaseQueue(path: folder.ledger)
        try LedgerMigrations.migrator.migrate(begun, upTo: "1-attempts-rollups-modes")
        try begun.close()
        let reader = try LedgerReader(path: folder.ledger)
        #expect(try reader.attemptCount() == 0)
        let missing = DatabaseError(resultCode: .SQLITE_ERROR, message: "no such table: t")
        let error = LedgerError(missing, path: folder.ledger)
        #expect(error.code == .cannotOpen && error.message.contains("Start the gateway with it once"))
        #expect(error.message.contains(folder.ledger))
        await (try LedgerStore(path: folder.ledger)).close()
        #expect(try LedgerReader(path: folder.ledger).attemptCount() == 0)
    }

    @Test("that a newer version wrote refuses, for reading too")
    func newer() async throws {
        let store = try LedgerStore(path: folder.ledger)
        await store.close()
        let queue = try DatabaseQueue(path: folder.ledger)
        try await queue.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99-later')") }
        try queue.close()
        #expect(opened(folder.ledger)?.code == .newerSchema)
        let error = #expect(throws: LedgerError.self) { _ = try LedgerReader(path: folder.ledger) }
        #expect(error?.code == .newerSchema)
    }

    @Test("that another gateway writes names its process")
    func locked() async throws {
        let store = try LedgerStore(path: folder.ledger)
        let error = opened(folder.ledger)
        #expect(error?.code == .locked)
        #expect(error?.message.contains("process \(getpid())") == true)
        try await store.record(.tuned("r"))
        #expect(try LedgerReader(path: folder.ledger).attemptCount() == 1)
        await store.close()
        await (try LedgerStore(path: folder.ledger)).close()
    }

    @Test("for reading where there is none says to start the gateway once")
    func readingNothing() {
        let error = #expect(throws: LedgerError.self) { _ = try LedgerReader(path: folder.ledger) }
        #expect(error?.code == .cannotOpen)
        #expect(error?.message.contains("Start the gateway once") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.ledger))
    }

    @Test("an empty file makes it a ledger")
    func emptyFile() async throws {
        #expect(FileManager.default.createFile(atPath: folder.ledger, contents: nil))
        let store = try LedgerStore(path: folder.ledger)
        try await store.record(.tuned("r"))
    }

    @Test(
        "or writing it, SQLite's errors become causes that callers branch on",
        arguments: [
            (ResultCode.SQLITE_FULL, LedgerError.Code.diskFull), (.SQLITE_CORRUPT, .damaged), (.SQLITE_IOERR, .damaged),
            (.SQLITE_READONLY, .cannotOpen), (.SQLITE_BUSY, .busy), (.SQLITE_NOTADB, .notALedger),
            (.SQLITE_TOOBIG, .store),
        ])
    func codes(result: ResultCode, code: LedgerError.Code) {
        let error = LedgerError(DatabaseError(resultCode: result, arguments: ["secret"]), path: "l.sqlite")
        #expect(error.code == code)
        #expect(error.message.contains("l.sqlite"))
        #expect(!error.message.contains("secret"))
    }
}
