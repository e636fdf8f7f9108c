public import Foundation
import GRDB

/// The ledger as the gateway holds it: the only writer of its file, with readers beside it.
///
/// Entries wait in a bounded queue; one thread of its own commits them in groups, rows and rollups in one transaction. A
/// store that goes out of reach writes what waits and closes its file.
public final class LedgerStore: Sendable {
    /// The file.
    public let path: String
    private let pool: DatabasePool
    private let writer: LedgerWriter

    /// Opens a ledger, making the file if there is none, and takes the right to write it.
    ///
    /// Throws `cannotOpen`, `notALedger`, `locked` or `newerSchema`, each saying what to do.
    public init(path: String, options: LedgerOptions = LedgerOptions()) throws(LedgerError) {
        _ = try LedgerFile.kind(of: path)
        let lock = try LedgerLock(ledger: path)
        pool = try LedgerFile.openForWriting(path, options: options)
        self.path = path
        writer = LedgerWriter(path: path, pool: pool, lock: lock, options: options)
        writer.start()
    }

    deinit { writer.stop() }

    /// Records one attempt; returns when the row and its rollups are committed.
    ///
    /// Waits while the queue is full. Cancelling the task does not take the entry back.
    public func record(_ entry: LedgerEntry) async throws(LedgerError) {
        try entry.validate()
        try await writer.submit(.entry(entry))
    }

    /// Records a change of a mode or the kill switch; returns when it is committed.
    public func record(_ change: ModeChange) async throws(LedgerError) {
        try await writer.submit(.modeChange(change))
    }

    /// Commits a transaction without rows: shows whether the ledger can be written, and clears an earlier failure if so.
    public func probe() async throws(LedgerError) {
        try await writer.submit(.probe)
    }

    /// How the writing goes.
    public var health: LedgerHealth { writer.health }

    /// Writes what waits and closes the file; later calls throw `closed`.
    public func close() async {
        await writer.close()
    }

    /// The savings report, from the rollups, as of the last commit.
    public func savings(_ query: SavingsQuery = .all) async throws(LedgerError) -> SavingsReport {
        try await read { db in try SavingsReport(query, in: db) }
    }

    /// The attempts of a request, first attempt first.
    public func entries(requestID: String) async throws(LedgerError) -> [LedgerEntry] {
        try await read { db in try AttemptRow.entries(requestID: requestID, in: db) }
    }

    /// The latest mode changes, newest first.
    public func modeChanges(limit: Int = 100) async throws(LedgerError) -> [ModeChange] {
        try await read { db in try ModeChangeRow.latest(limit, in: db) }
    }

    /// The modes as the last changes left them. Blocks for one small read; meant for the start.
    public func currentModes() throws(LedgerError) -> ModeSnapshot {
        do {
            return try pool.read { db in try ModeChangeRow.current(in: db) }
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    /// What each caller key used and cost, by day of UTC, from the day of `from` on. Blocks for one small read; meant for
    /// the start.
    public func keyUsage(from: Date) throws(LedgerError) -> [KeyUsage] {
        do {
            return try pool.read { db in try KeyUsage.fetch(from: from, in: db) }
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    /// Reads on one of the database's own threads.
    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        do {
            return try await pool.read(body)
        } catch {
            throw LedgerError(error, path: path)
        }
    }
}
