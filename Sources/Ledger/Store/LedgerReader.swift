public import Foundation
import GRDB

/// A ledger opened for reading only, beside a gateway that writes it or after it has ended; for the terminal.
public final class LedgerReader: Sendable {
    /// The file.
    public let path: String
    private let queue: DatabaseQueue

    /// Opens an existing ledger; throws `cannotOpen`, `notALedger` or `newerSchema`, each saying what to do.
    public init(path: String) throws(LedgerError) {
        self.path = path
        queue = try LedgerFile.openForReading(path)
    }

    /// The savings report, from the rollups, as of the last commit.
    public func savings(_ query: SavingsQuery = .all) throws(LedgerError) -> SavingsReport {
        try read { db in try SavingsReport(query, in: db) }
    }

    /// The attempts of a request, first attempt first.
    public func entries(requestID: String) throws(LedgerError) -> [LedgerEntry] {
        try read { db in try AttemptRow.entries(requestID: requestID, in: db) }
    }

    /// How many attempts have been recorded.
    public func attemptCount() throws(LedgerError) -> Int {
        try read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM attempts") ?? 0 }
    }

    /// The modes as the last changes left them.
    public func currentModes() throws(LedgerError) -> ModeSnapshot {
        try read { db in try ModeChangeRow.current(in: db) }
    }

    /// The latest mode changes, newest first.
    public func modeChanges(limit: Int = 100) throws(LedgerError) -> [ModeChange] {
        try read { db in try ModeChangeRow.latest(limit, in: db) }
    }

    /// What each caller key used and cost, by day of UTC, from the day of `from` on.
    public func keyUsage(from: Date) throws(LedgerError) -> [KeyUsage] {
        try read { db in try KeyUsage.fetch(from: from, in: db) }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
        do {
            return try queue.read(body)
        } catch {
            throw LedgerError(error, path: path)
        }
    }
}
