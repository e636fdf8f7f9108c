import GRDB

/// A place in the journal: a segment's sequence number and an offset in it.
struct JournalPosition: Comparable, Sendable {
    var sequence: UInt64
    var offset: Int

    static func < (left: JournalPosition, right: JournalPosition) -> Bool {
        (left.sequence, left.offset) < (right.sequence, right.offset)
    }

    /// Before every record.
    static let start = JournalPosition(sequence: 0, offset: 0)

    /// Up to where the records are rows of the tables; what lies behind it has still to be folded.
    static func folded(in db: Database) throws -> JournalPosition {
        // A file of a version without a journal, opened for reading.
        guard try db.tableExists("journal_position") else { return .start }
        let row = try Row.fetchOne(db, sql: "SELECT sequence, offset FROM journal_position")
        guard let row else { return .start }
        let sequence: Int64 = row["sequence"]
        return JournalPosition(sequence: UInt64(bitPattern: sequence), offset: row["offset"])
    }

    /// Written in the transaction that writes the rows: neither is ever there without the other.
    func store(in db: Database) throws {
        try db.cachedStatement(
            sql: "INSERT INTO journal_position VALUES (1, ?, ?) "
                + "ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, offset = excluded.offset"
        )
        .execute(arguments: [Int64(bitPattern: sequence), offset])
    }
}
