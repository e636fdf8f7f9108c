import GRDB
import GRDBSQLite

/// One transaction that turns records into rows: rows, rollups and the journal's position, so that the three never
/// disagree.
struct JournalFold {
    /// Where the records end.
    var position: JournalPosition
    var changes: [ModeChange] = []
    /// Whether to write a page even if there is nothing to write.
    var probes = false

    /// Writes and commits; returns how many rows were there already.
    ///
    /// - Parameter records: gives each record to its argument.
    func write(
        to writer: some DatabaseWriter, records: ((RecordView) throws -> Void) throws -> Void
    ) throws -> Int {
        var refused = 0
        try writer.writeWithoutTransaction { db in
            try db.inTransaction(.immediate) {
                let insertion = AttemptInsertion(try db.cachedStatement(sql: AttemptRow.insertion), db)
                var rollups = RollupBatch()
                try records { record in
                    if try insertion.insert(record) {
                        rollups.add(record.entry)
                    } else {
                        refused += 1
                    }
                }
                try rollups.write(to: db)
                for change in changes { try ModeChangeRow.insert(change, into: db) }
                if probes { try db.execute(sql: "PRAGMA user_version = 1") }
                try position.store(in: db)
                return .commit
            }
        }
        return refused
    }
}
