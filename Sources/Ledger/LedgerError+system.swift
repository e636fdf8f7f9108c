import Foundation

extension LedgerError {
    /// What an error of the system means for a file of the ledger.
    init(errno code: Int32, path: String) {
        let cause = unsafe String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT, EFBIG:
            self.init(
                .diskFull,
                "the disk that holds the ledger's journal \(path) is full. Free space; writing goes on by itself.")
        default:
            self.init(
                .cannotOpen,
                "cannot write the ledger's journal \(path): \(cause). Check that its folder exists and that this user "
                    + "may write it.")
        }
    }
}
