import GRDB

extension LedgerError {
    /// What a SQLite error means for a ledger; arguments of statements stay out of the text.
    init(_ error: any Error, path: String) {
        if let error = error as? LedgerError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.store, "ledger \(path): \(type(of: error))")
            return
        }
        let cause = error.message ?? "SQLite code \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(
                .diskFull, "the disk that holds the ledger \(path) is full. Free space; writing goes on by itself.")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
            self.init(
                .cannotOpen,
                "cannot open the ledger \(path): \(cause). Check that its folder exists and that this user may write it."
            )
        case .SQLITE_NOTADB:
            self.init(.notALedger, "\(path) is not a ledger: \(cause). Name another file with --ledger.")
        case .SQLITE_CORRUPT, .SQLITE_IOERR:
            self.init(
                .damaged,
                "the ledger \(path) cannot be read or written: \(cause). Check the disk, and restore the file from a backup "
                    + "if it is damaged.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(
                .busy, "another program holds the ledger \(path): \(cause). End its transaction, then try again.")
        case .SQLITE_ERROR where cause.hasPrefix("no such table") || cause.hasPrefix("no such column"):
            self.init(
                .cannotOpen,
                "the ledger \(path) was made by an older version: \(cause). Start the gateway with it once, which adds what is "
                    + "missing.")
        default:
            self.init(.store, "ledger \(path): \(cause) (SQLite code \(error.extendedResultCode.rawValue))")
        }
    }
}
