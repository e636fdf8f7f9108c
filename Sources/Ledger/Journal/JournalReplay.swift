import Foundation
import GRDB

/// What an earlier process left in the journal, brought into the tables at the start.
enum JournalReplay {
    /// Folds and takes the files away; returns the position that new records follow on.
    static func fold(
        ledger: String, into pool: DatabasePool, options: LedgerOptions
    ) throws(LedgerError) -> JournalPosition {
        let left = JournalFiles(ledger: ledger)
        do {
            let folded = try pool.read { db in try JournalPosition.folded(in: db) }
            var end = folded
            left.forEach(from: folded) { _, position in end = position }
            if end > folded {
                _ = try JournalFold(position: end).write(to: pool) { insert in
                    try left.forEach(from: folded) { record, _ in try insert(record) }
                }
            }
            for path in left.paths { try? FileManager.default.removeItem(atPath: path) }
            let last = left.files.last?.sequence ?? 0
            return JournalPosition(sequence: max(end.sequence, last), offset: end.offset)
        } catch {
            throw LedgerError(error, path: ledger)
        }
    }
}
