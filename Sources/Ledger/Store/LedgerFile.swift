import Foundation
import GRDB

/// The file of a ledger: told from other files before anything is changed in it.
enum LedgerFile {
    /// What the first bytes of a file say.
    enum Kind {
        case absent
        case empty
        case database
    }

    /// Looks at a path without changing it; a folder or a file of another format is refused.
    static func kind(of path: String) throws(LedgerError) -> Kind {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return .absent }
        if isFolder.boolValue {
            throw LedgerError(
                .cannotOpen, "\(path) is a folder. Name a file for the ledger, such as \(path)/ledger.sqlite.")
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw LedgerError(.cannotOpen, "cannot read the ledger \(path). Let this user read and write it.")
        }
        defer { try? file.close() }
        let head = (try? file.read(upToCount: 16)) ?? Data()
        if head.isEmpty { return .empty }
        guard head == Data("SQLite format 3\0".utf8) else {
            throw LedgerError(
                .notALedger, "\(path) is not a ledger but a file of another format. Name another file with --ledger.")
        }
        return .database
    }

    /// Refuses another program's database and a ledger that a newer version has written.
    static func check(_ db: Database, path: String) throws {
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        // A start that was broken off may have left the list of migrations and nothing else.
        let tables =
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'") ?? 0
        if tables > 0, id != LedgerMigrations.applicationID {
            throw LedgerError(
                .notALedger, "\(path) is a database of another program, not a ledger. Name another file with --ledger.")
        }
        if try LedgerMigrations.migrator.hasBeenSuperseded(db) {
            throw LedgerError(
                .newerSchema,
                "the ledger \(path) was written by a newer version of this program. Run that version, or name another file "
                    + "with --ledger.")
        }
    }

    /// Refuses a ledger without any table: its first start was broken off.
    static func checkTables(_ db: Database, path: String) throws {
        guard try LedgerMigrations.migrator.appliedIdentifiers(db).isEmpty else { return }
        throw LedgerError(
            .cannotOpen,
            "the ledger \(path) has no tables: the start that made it was broken off. Start the gateway with it once, or name "
                + "another file with --ledger.")
    }

    /// Opens the file for reading only, after checking it.
    ///
    /// - Parameter needsTables: false if whoever asks is about to make the tables.
    static func openForReading(_ path: String, needsTables: Bool = true) throws(LedgerError) -> DatabaseQueue {
        guard try kind(of: path) == .database else {
            throw LedgerError(
                .cannotOpen, "there is no ledger at \(path). Start the gateway once, or name its ledger with --ledger.")
        }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            configuration.allowsUnsafeTransactions = true
            configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA temp_store = MEMORY") }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { db in
                try check(db, path: path)
                if needsTables { try checkTables(db, path: path) }
            }
            return queue
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    /// Opens the file for writing, making it and bringing its tables up to date; the caller holds the lock.
    static func openForWriting(_ path: String, options: LedgerOptions) throws(LedgerError) -> DatabasePool {
        do {
            if try kind(of: path) == .database { try openForReading(path, needsTables: false).close() }
            var configuration = Configuration()
            configuration.busyMode = .timeout(options.busyTimeout)
            configuration.label = "ledger"
            let pool = try DatabasePool(path: path, configuration: configuration)
            try LedgerMigrations.migrator.migrate(pool)
            let synchronous = options.durability == .power ? "FULL" : "NORMAL"
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = \(synchronous)") }
            return pool
        } catch {
            throw LedgerError(error, path: path)
        }
    }
}
