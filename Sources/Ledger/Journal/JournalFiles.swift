import Foundation

/// The journal's files as they lie beside a ledger, read without changing them.
struct JournalFiles {
    /// One segment, read into memory.
    struct File {
        let path: String
        let sequence: UInt64
        let bytes: [UInt8]
    }

    /// Those with a header, oldest first.
    let files: [File]
    /// Every file of the journal.
    let paths: [String]

    /// The path of a segment: the ledger's own, `.rows-` and a number.
    static func path(_ ledger: String, _ number: Int) -> String { ledger + ".rows-\(number)" }

    /// Reads what lies beside the ledger.
    init(ledger: String) {
        let folder = (ledger as NSString).deletingLastPathComponent
        let prefix = (ledger as NSString).lastPathComponent + ".rows-"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        paths = names.filter { $0.hasPrefix(prefix) && Int($0.dropFirst(prefix.count)) != nil }
            .map { folder.isEmpty ? $0 : folder + "/" + $0 }
        files = paths.compactMap(Self.read).sorted { $0.sequence < $1.sequence }
    }

    private static func read(_ path: String) -> File? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let bytes = Array(data)
        guard let sequence = unsafe bytes.withUnsafeBytes({ unsafe JournalSegment.sequence(of: $0) }) else {
            return nil
        }
        return File(path: path, sequence: sequence, bytes: bytes)
    }

    /// Gives the whole records behind a position, in order; returns how many damaged ones were passed over.
    @discardableResult
    func forEach(
        from position: JournalPosition, _ body: (RecordView, JournalPosition) throws -> Void
    ) rethrows -> Int {
        var damaged = 0
        for file in files where file.sequence >= position.sequence {
            let from = file.sequence == position.sequence ? position.offset : 0
            try unsafe file.bytes.withUnsafeBytes { bytes in
                var frames = unsafe JournalFrames(
                    bytes, sequence: file.sequence, from: from, to: bytes.count, verifies: true)
                while let record = frames.next() {
                    try body(record, JournalPosition(sequence: file.sequence, offset: frames.offset))
                }
                damaged += frames.damaged
            }
        }
        return damaged
    }
}
