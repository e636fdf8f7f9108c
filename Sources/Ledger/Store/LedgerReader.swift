public import Foundation
import GRDB

/// A ledger opened for reading only, beside a gateway that writes it or after it has ended or was killed; for the
/// terminal.
///
/// Rows that are acknowledged and not yet in the tables are read from the journal, which is left as it is.
public final class LedgerReader: Sendable {
    /// The file.
    public let path: String
    private let queue: DatabaseQueue

    /// Opens an existing ledger; throws `cannotOpen`, `notALedger` or `newerSchema`, each saying what to do.
    public init(path: String) throws(LedgerError) {
        self.path = path
        queue = try LedgerFile.openForReading(path)
    }

    /// The savings report, from the rollups, every acknowledged row included.
    public func savings(_ query: SavingsQuery = .all) throws(LedgerError) -> SavingsReport {
        try read { db, pending in
            try PendingRollups.add(pending, in: db)
            return try SavingsReport(query, in: db)
        }
    }

    /// The attempts of a request, first attempt first.
    public func entries(requestID: String) throws(LedgerError) -> [LedgerEntry] {
        try read { db, pending in
            let rows = try AttemptRow.entries(requestID: requestID, in: db)
            return (rows + pending.filter { $0.requestID == requestID }).sorted { $0.attempt < $1.attempt }
        }
    }

    /// How many attempts have been recorded.
    public func attemptCount() throws(LedgerError) -> Int {
        try read { db, pending in
            try (Int.fetchOne(db, sql: "SELECT count(*) FROM attempts") ?? 0) + pending.count
        }
    }

    /// The modes as the last changes left them.
    public func currentModes() throws(LedgerError) -> ModeSnapshot {
        try read { db, _ in try ModeChangeRow.current(in: db) }
    }

    /// The latest mode changes, newest first.
    public func modeChanges(limit: Int = 100) throws(LedgerError) -> [ModeChange] {
        try read { db, _ in try ModeChangeRow.latest(limit, in: db) }
    }

    /// What each caller key used and cost, by day of UTC, from the day of `from` on.
    public func keyUsage(from: Date) throws(LedgerError) -> [KeyUsage] {
        try read { db, pending in
            try PendingRollups.add(pending, in: db)
            return try KeyUsage.fetch(from: from, in: db)
        }
    }

    /// Reads tables and journal as of one moment: a journal read while its records are being folded is read again.
    private func read<Value>(_ body: (Database, [LedgerEntry]) throws -> Value) throws(LedgerError) -> Value {
        do {
            for _ in 0..<100 {
                let position = try queue.inDatabase { db in try JournalPosition.folded(in: db) }
                let journal = JournalFiles(ledger: path)
                let value = try queue.inDatabase { db -> Value? in
                    try db.execute(sql: "BEGIN")
                    // Tables that the pending rows were added to are temporary, and go with the transaction.
                    defer { try? db.execute(sql: "ROLLBACK") }
                    guard try JournalPosition.folded(in: db) == position else { return nil }
                    return try body(db, try PendingRows.entries(of: journal, from: position, in: db))
                }
                if let value { return value }
            }
        } catch {
            throw LedgerError(error, path: path)
        }
        throw LedgerError(.busy, "the ledger \(path) changes faster than it can be read: try again")
    }
}
