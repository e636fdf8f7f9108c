import GRDB

/// One transaction: the rows of a batch and, with them, their rollups, so that the two never disagree.
enum LedgerTransaction {
    /// Writes and commits; gives the error of each row that was refused, by its place in the batch.
    static func write(_ batch: [LedgerQueue.Work], to writer: some DatabaseWriter) throws -> [Int: LedgerError] {
        var refused: [Int: LedgerError] = [:]
        try writer.writeWithoutTransaction { db in
            try db.inTransaction(.immediate) {
                let insertion = try db.cachedStatement(sql: AttemptRow.insertion)
                var rollups = RollupBatch()
                for (index, work) in batch.enumerated() {
                    switch work {
                    case .entry(let entry):
                        insertion.setUncheckedArguments(AttemptRow.arguments(entry))
                        try insertion.execute()
                        if db.changesCount == 0 {
                            refused[index] = duplicate(entry)
                        } else {
                            rollups.add(entry)
                        }
                    case .modeChange(let change): try ModeChangeRow.insert(change, into: db)
                    case .probe: try probe(db)
                    }
                }
                try rollups.write(to: db)
                return .commit
            }
        }
        return refused
    }

    private static func duplicate(_ entry: LedgerEntry) -> LedgerError {
        LedgerError(
            .duplicate,
            "the ledger already has attempt \(entry.attempt) of request \(entry.requestID). Give each request its own id "
                + "and number its attempts.")
    }

    /// Makes the transaction write a page, so that its commit fails where that of a row would.
    private static func probe(_ db: Database) throws {
        try db.execute(sql: "PRAGMA user_version = 1")
    }
}
