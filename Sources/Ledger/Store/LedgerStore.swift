import Dispatch
public import Foundation
import GRDB

/// The ledger as the gateway holds it: the only writer of its file, with readers beside it.
///
/// A row is acknowledged when it is in the journal, a file mapped into memory; one thread folds the journal into the
/// tables in the background. Reports first fold what is pending, so they see every acknowledged row. A store that goes
/// out of reach folds what is pending and closes its file.
public final class LedgerStore: Sendable {
    /// The file.
    public let path: String
    let pool: DatabasePool
    private let journal: Journal
    private let folder: JournalFolder
    /// Nil unless rows have to survive a loss of power.
    private let sync: JournalSync?
    private let recordLimit: Int

    /// Opens a ledger, making the file if there is none, takes the right to write it, and folds what an earlier process
    /// left in the journal.
    ///
    /// Throws `cannotOpen`, `notALedger`, `locked`, `newerSchema` or `diskFull`, each saying what to do.
    public init(path: String, options: LedgerOptions = LedgerOptions()) throws(LedgerError) {
        _ = try LedgerFile.kind(of: path)
        let lock = try LedgerLock(ledger: path)
        let pool = try LedgerFile.openForWriting(path, options: options)
        let wake = DispatchSemaphore(value: 0)
        let start = try JournalReplay.fold(ledger: path, into: pool, options: options)
        journal = try Journal(ledger: path, after: start.sequence, options: options) { wake.signal() }
        sync = options.durability == .power ? JournalSync(journal, path: path) : nil
        folder = JournalFolder(path: path, pool: pool, lock: lock, journal: journal, options: options, wake: wake)
        recordLimit = options.segmentBytes - JournalSegment.headerBytes - JournalSegment.frameBytes
        self.pool = pool
        self.path = path
        folder.start(at: start)
    }

    deinit {
        folder.stop()
        sync?.stop()
    }

    /// Records one attempt; returns when the row survives what `LedgerOptions.durability` says.
    ///
    /// Does not suspend when the death of the process is all that it has to survive, unless the journal is full: then
    /// it waits for room. A second row for the same request and attempt is left out of the tables and counted in
    /// `health`.
    public func record(_ entry: LedgerEntry) async throws(LedgerError) {
        try entry.validate()
        let record = JournalRecord.encode(entry)
        guard record.count <= recordLimit else {
            throw LedgerError(
                .invalidEntry, "ledger entry refused: its texts must be shorter than \(recordLimit) bytes")
        }
        while true {
            switch journal.append(record) {
            case .done:
                if let sync { try await wait(sync) }
                return
            case .full: await journal.waitForRoom(record.count)
            case .failed(let failure):
                folder.noteRefusal()
                throw failure
            case .closed: throw LedgerError(.closed, "the ledger \(path) has been closed")
            }
        }
    }

    private func wait(_ sync: JournalSync) async throws(LedgerError) {
        do throws(LedgerError) {
            try await sync.wait()
        } catch {
            folder.noteRefusal()
            throw error
        }
    }

    /// Records a change of a mode or the kill switch; returns when it is committed.
    public func record(_ change: ModeChange) async throws(LedgerError) {
        try await folder.submit(.modeChange(change))
    }

    /// Commits a transaction without rows: shows whether the ledger can be written, and clears an earlier failure if
    /// so.
    public func probe() async throws(LedgerError) {
        try await folder.submit(.probe)
    }

    /// How the writing goes.
    public var health: LedgerHealth { folder.health }

    /// Whether rows are accepted and reach the tables; costs next to nothing.
    public var isWritable: Bool { journal.isWritable }

    /// Folds what is pending and closes the file; later calls throw `closed`.
    public func close() async {
        await folder.close()
        sync?.stop()
    }

    /// The savings report, from the rollups, every acknowledged row included.
    public func savings(_ query: SavingsQuery = .all) async throws(LedgerError) -> SavingsReport {
        try await read(
            { db in try SavingsReport(query, in: db) },
            beside: { reader throws(LedgerError) in try reader.savings(query) })
    }

    /// The attempts of a request, first attempt first.
    public func entries(requestID: String) async throws(LedgerError) -> [LedgerEntry] {
        try await read(
            { db in try AttemptRow.entries(requestID: requestID, in: db) },
            beside: { reader throws(LedgerError) in try reader.entries(requestID: requestID) })
    }

    /// The latest mode changes, newest first.
    public func modeChanges(limit: Int = 100) async throws(LedgerError) -> [ModeChange] {
        try await read(
            { db in try ModeChangeRow.latest(limit, in: db) },
            beside: { reader throws(LedgerError) in try reader.modeChanges(limit: limit) })
    }

    /// The modes as the last changes left them. Blocks for one small read; meant for the start.
    public func currentModes() throws(LedgerError) -> ModeSnapshot {
        do {
            return try pool.read { db in try ModeChangeRow.current(in: db) }
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    /// What each caller key used and cost, by day of UTC, from the day of `from` on, every acknowledged row included.
    /// Blocks for one small read; meant for the start.
    public func keyUsage(from: Date) throws(LedgerError) -> [KeyUsage] {
        try LedgerReader(path: path).keyUsage(from: from)
    }

    /// What one caller key used and cost, by day of UTC, from the day of `from` on.
    public func keyUsage(of key: String, from: Date) async throws(LedgerError) -> [KeyUsage] {
        let all = try await read { db in
            try KeyUsage.fetch(from: from, in: db)
        } beside: { reader throws(LedgerError) in
            try reader.keyUsage(from: from)
        }
        return all.filter { $0.key == key }
    }

    /// Reads on one of the database's own threads, after folding what is pending; if that fails, reads the journal
    /// along as other processes do.
    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value,
        beside: @Sendable (LedgerReader) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        do {
            try await folder.submit(.fold)
        } catch {
            if error.code == .closed { throw error }
            return try beside(LedgerReader(path: path))
        }
        do {
            return try await pool.read(body)
        } catch {
            throw LedgerError(error, path: path)
        }
    }
}
