/// Walks the records of one segment.
@safe struct JournalFrames {
    private let bytes: UnsafeRawBufferPointer
    private let sequence: UInt64
    private let end: Int
    private let verifies: Bool
    /// Where the next record is expected.
    private(set) var offset: Int
    /// How many records were passed over: those that did not pass their checksum with a whole one behind them, and
    /// those of a kind or reach that this version does not know.
    private(set) var damaged = 0

    /// - Parameters:
    ///   - end: the tail, behind which nothing is read.
    ///   - verifies: false only for bytes that this process has written itself.
    init(_ bytes: UnsafeRawBufferPointer, sequence: UInt64, from offset: Int, to end: Int, verifies: Bool) {
        unsafe self.bytes = bytes
        self.sequence = sequence
        self.end = end
        self.verifies = verifies
        self.offset = max(offset, JournalSegment.headerBytes)
    }

    /// The next whole record; nil at the end, which is the first that is torn, stale or damaged.
    mutating func next() -> RecordView? {
        while let frame = unsafe frame(at: offset) {
            let place = offset
            let behind = place + JournalSegment.frameBytes + frame.count
            if unsafe isWhole(frame, at: place) {
                offset = behind
                if let record = unsafe RecordView(frame) { return record }
                damaged += 1
                continue
            }
            // One damaged record with a whole one right behind it is skipped; at the tail there is none.
            guard let next = unsafe self.frame(at: behind), unsafe isWhole(next, at: behind) else { return nil }
            damaged += 1
            offset = behind
        }
        return nil
    }

    private func frame(at offset: Int) -> UnsafeRawBufferPointer? {
        let first = offset + JournalSegment.frameBytes
        guard first < end else { return nil }
        let count = Int(UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        guard count > 0, count <= end - first else { return nil }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[first..<first + count])
    }

    private func isWhole(_ frame: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard verifies else { return true }
        let stored = UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt64.self))
        let sum = unsafe JournalChecksum.of(frame)
        return JournalChecksum.placed(sum, sequence: sequence, offset: offset) == stored
    }
}
