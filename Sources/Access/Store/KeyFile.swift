import Foundation
import GRDB

/// The file of a key store: made for its owner alone, and told from other files before anything is changed in it.
enum KeyFile {
    /// What tells one file from another that took its path.
    struct Identity: Equatable {
        let device: UInt64
        let number: UInt64
    }

    /// The identity of the file at a path, nil if there is none; follows links.
    static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    }

    static func open(_ path: String) throws(AccessError) -> DatabaseQueue {
        try makeFolder(of: path)
        try makeFile(path)
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.label = "keys"
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { db in try check(db, path: path) }
            try KeyMigrations.migrator.migrate(queue)
            return queue
        } catch {
            throw AccessError(error, path: path)
        }
    }

    private static func makeFolder(of path: String) throws(AccessError) {
        let folder = (path as NSString).deletingLastPathComponent
        if folder.isEmpty { return }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw AccessError(
                .cannotOpen,
                "cannot make the key store's folder \(folder): make it, or choose another place with keys.file or --keys"
            )
        }
    }

    private static func makeFile(_ path: String) throws(AccessError) {
        let file = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let cause = unsafe String(cString: strerror(errno))
            throw AccessError(
                .cannotOpen, "cannot open the key store \(path): \(cause). Let this user read and write it.")
        }
        close(file)
    }

    private static func check(_ db: Database, path: String) throws {
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        // A start that was broken off may have left the list of migrations and nothing else.
        let tables =
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'") ?? 0
        if tables > 0, id != KeyMigrations.applicationID {
            throw AccessError(
                .notAKeyStore,
                "\(path) is a database of another kind, not a key store. Name another file with keys.file or --keys.")
        }
        if try KeyMigrations.migrator.hasBeenSuperseded(db) {
            throw AccessError(
                .notAKeyStore,
                "the key store \(path) was written by a newer version of this program. Run that version.")
        }
    }
}

extension AccessError {
    /// What a SQLite error means for a key store; arguments of statements stay out of the text.
    init(_ error: any Error, path: String) {
        if let error = error as? AccessError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.store, "key store \(path): \(type(of: error))")
            return
        }
        let cause = error.message ?? "SQLite code \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_NOTADB:
            self.init(
                .notAKeyStore, "\(path) is not a key store: \(cause). Name another file with keys.file or --keys.")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
            self.init(
                .cannotOpen, "cannot open the key store \(path): \(cause). Let this user read and write it.")
        case .SQLITE_FULL:
            self.init(.store, "the disk that holds the key store \(path) is full: free space, then try again")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.store, "another program holds the key store \(path): end its transaction, then try again")
        default:
            self.init(.store, "key store \(path): \(cause) (SQLite code \(error.extendedResultCode.rawValue))")
        }
    }
}
