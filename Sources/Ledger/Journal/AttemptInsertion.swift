import GRDB
import GRDBSQLite

/// Binds a record's fields where they lie, without making values of them first.
@safe struct AttemptInsertion {
    private let statement: OpaquePointer
    private let db: Database

    init(_ statement: Statement, _ db: Database) {
        unsafe self.statement = statement.sqliteStatement
        self.db = db
    }

    /// Inserts the row; false if it is there already.
    func insert(_ record: RecordView) throws -> Bool {
        typealias Place = JournalRecord.Place
        unsafe sqlite3_reset(statement)
        var column = unsafe AttemptColumn(statement)
        column.bind(record, .requestID)
        column.bind(Int64(record.number(Place.attempt, as: UInt32.self)))
        column.bind(Int64(record.isFinal ? 1 : 0))
        column.bind(record.number(Place.time, as: Int64.self))
        column.bind(record, .task)
        column.bind(record, .schemaFingerprint)
        column.bind(record.arm.rawValue)
        column.bind(record, .reason)
        column.bind(record, .backend)
        column.bind(record, .model)
        column.bind(record, segments: Place.full)
        column.bind(record.source(0).text)
        column.bind(record, segments: Place.sent)
        column.bind(record.source(1).text)
        column.bind(Int64(record.number(Place.completion, as: UInt32.self)))
        column.bind(record.source(2).text)
        column.bind(Int64(record.number(Place.cachedPrompt, as: UInt32.self)))
        for amount in 0..<3 {
            column.bind(record.hasMoney ? record.number(Place.money + 8 * amount, as: Int64.self) : nil)
        }
        column.bind(record, .currency)
        column.bind(record, .priceDate)
        column.bind(record.firstToken)
        column.bind(record.total)
        column.bind(Int64(record.number(Place.status, as: Int32.self)))
        column.bind(record.outcome.rawValue)
        column.bind(record, .key)
        column.bind(record, .failure)
        let code = unsafe sqlite3_step(statement)
        // The records' bytes may go away before the statement is used again.
        unsafe sqlite3_reset(statement)
        unsafe sqlite3_clear_bindings(statement)
        guard code == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
        }
        return db.changesCount > 0
    }
}

/// The next column to bind.
@safe private struct AttemptColumn {
    private let statement: OpaquePointer
    private var index: Int32 = 0

    init(_ statement: OpaquePointer) {
        unsafe self.statement = statement
    }

    mutating func bind(_ value: Int64?) {
        index += 1
        if let value { unsafe sqlite3_bind_int64(statement, index, value) }
    }

    mutating func bind(_ value: Double?) {
        index += 1
        if let value { unsafe sqlite3_bind_double(statement, index, value) }
    }

    /// SQLite copies the text.
    mutating func bind(_ text: String) {
        index += 1
        var text = text
        text.withUTF8 { utf8 in
            let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            unsafe utf8.withMemoryRebound(to: CChar.self) { characters in
                _ = unsafe sqlite3_bind_text(
                    statement, index, characters.baseAddress, Int32(characters.count), transient)
            }
        }
    }

    /// SQLite reads the text where it lies.
    mutating func bind(_ record: RecordView, _ text: JournalRecord.Text) {
        index += 1
        guard let bytes = unsafe record.utf8(text) else { return }
        unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
            _ = unsafe sqlite3_bind_text(statement, index, characters.baseAddress, Int32(characters.count), nil)
        }
    }

    mutating func bind(_ record: RecordView, segments place: Int) {
        for kind in 0..<5 { bind(Int64(record.number(place + 4 * kind, as: UInt32.self))) }
    }
}
