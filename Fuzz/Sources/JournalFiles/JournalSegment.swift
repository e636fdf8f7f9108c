// Ledger defines these beside a type that maps files.

enum JournalSegment {
    static let headerBytes = 64
    static let frameBytes = 12
}
