import GRDB

/// The rows that are in the journal and not yet in the tables, as a reader sees them.
enum PendingRows {
    /// Those behind the position, without those that the tables would refuse.
    static func entries(
        of journal: JournalFiles, from position: JournalPosition, in db: Database
    ) throws
        -> [LedgerEntry]
    {
        struct Attempt: Hashable {
            let requestID: String
            let number: Int
        }
        var seen: Set<Attempt> = []
        var entries: [LedgerEntry] = []
        let lookup = try db.makeStatement(sql: "SELECT 1 FROM attempts WHERE request_id = ? AND attempt = ?")
        try journal.forEach(from: position) { record, _ in
            let entry = record.entry
            guard seen.insert(Attempt(requestID: entry.requestID, number: entry.attempt)).inserted,
                try Int.fetchOne(lookup, arguments: [entry.requestID, entry.attempt]) == nil
            else { return }
            entries.append(entry)
        }
        return entries
    }
}

/// The rollups with the pending rows in them, as temporary tables that stand in front of the ledger's own.
enum PendingRollups {
    private static let tables = ["rollups", "latency_rollups", "source_rollups", "key_rollups"]

    /// Makes them, inside the caller's transaction; nothing is pending in most ledgers, and then nothing is made.
    static func add(_ entries: [LedgerEntry], in db: Database) throws {
        if entries.isEmpty { return }
        for table in tables {
            let sql = try String.fetchOne(
                db, sql: "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?", arguments: [table])
            guard let sql, sql.hasPrefix("CREATE TABLE") else { continue }
            try db.execute(sql: "CREATE TEMP TABLE" + sql.dropFirst("CREATE TABLE".count))
            try db.execute(sql: "INSERT INTO temp.\(table) SELECT * FROM main.\(table)")
        }
        var rollups = RollupBatch()
        for entry in entries { rollups.add(entry) }
        try rollups.write(to: db)
    }
}
