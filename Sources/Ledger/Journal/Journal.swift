import Synchronization

/// The rows that were acknowledged and are not yet folded into the tables: records in mapped files, appended in order.
final class Journal: Sendable {
    enum Appended {
        /// The record is in the page cache; the position is the one behind it.
        case done(JournalPosition)
        /// There is no room until something is folded.
        case full
        /// There is no room, and folding fails.
        case failed(LedgerError)
        case closed
    }

    fileprivate struct State: ~Copyable {
        /// Oldest first; the last is being written.
        var segments: [JournalSegment]
        var free: [JournalSegment] = []
        var offset = JournalSegment.headerBytes
        var records = 0
        var failure: LedgerError?
        var isClosed = false
        var folderSleeps = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var nextName: Int

        var tail: JournalPosition {
            JournalPosition(sequence: segments[segments.count - 1].sequence, offset: offset)
        }

        func hasRoom(_ bytes: Int) -> Bool {
            offset + bytes <= segments[segments.count - 1].size || !free.isEmpty
        }
    }

    private let ledger: String
    private let options: LedgerOptions
    private let state: Mutex<State>
    /// Called when the folder, which sleeps, has something to do.
    private let wake: @Sendable () -> Void

    /// Makes two segments; their sequence numbers follow on `last`.
    init(
        ledger: String, after last: UInt64, options: LedgerOptions, wake: @escaping @Sendable () -> Void
    ) throws(LedgerError) {
        self.ledger = ledger
        self.options = options
        self.wake = wake
        let first = try Self.segment(ledger, 0, options)
        let second: JournalSegment
        do throws(LedgerError) {
            second = try Self.segment(ledger, 1, options)
        } catch {
            first.remove()
            throw error
        }
        first.begin(sequence: last + 1)
        if options.durability == .power { first.syncFile() }
        state = Mutex(State(segments: [first], free: [second], nextName: 2))
    }

    private static func segment(
        _ ledger: String, _ name: Int, _ options: LedgerOptions
    ) throws(LedgerError)
        -> JournalSegment
    {
        let segment = try JournalSegment(making: JournalFiles.path(ledger, name), size: options.segmentBytes)
        if options.durability == .power { segment.syncFile() }
        return segment
    }

    /// Appends a record, without waiting for anything but other appends.
    func append(_ record: [UInt8]) -> Appended {
        let checksum = unsafe record.withUnsafeBytes { unsafe JournalChecksum.of($0) }
        let bytes = JournalSegment.frameBytes + record.count
        let (result, wakes) = state.withLock { state -> (Appended, Bool) in
            if state.isClosed { return (.closed, false) }
            var wakes = false
            if state.offset + bytes > state.segments[state.segments.count - 1].size {
                guard let next = state.free.popLast() else {
                    return (state.failure.map { .failed($0) } ?? .full, state.takeSleep())
                }
                next.begin(sequence: state.tail.sequence + 1)
                state.segments.append(next)
                state.offset = JournalSegment.headerBytes
                wakes = true
            }
            state.segments[state.segments.count - 1].write(record, checksum: checksum, at: state.offset)
            state.offset += bytes
            state.records += 1
            let sleeps = state.takeSleep()
            return (.done(state.tail), wakes || sleeps)
        }
        if wakes { wake() }
        return result
    }

    /// Returns when a record of this length may have room, or when there is no point in waiting.
    func waitForRoom(_ record: Int) async {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                let bytes = JournalSegment.frameBytes + record
                if state.hasRoom(bytes) || state.isClosed || state.failure != nil { return true }
                state.waiting.append(continuation)
                return false
            }
            if goesOn { continuation.resume() }
        }
    }

    /// How many records were appended, and how many callers wait for room.
    var counts: (records: Int, waiting: Int) { state.withLock { ($0.records, $0.waiting.count) } }

    /// Whether nobody waits for room, nor will soon.
    var hasRoomToSpare: Bool {
        state.withLock { state in
            let isAhead = !state.free.isEmpty || state.offset < state.segments[state.segments.count - 1].size / 2
            return state.segments.count <= 2 && state.waiting.isEmpty && isAhead
        }
    }

    /// Behind the last record.
    var tail: JournalPosition { state.withLock { $0.tail } }

    /// The segments that hold records between two positions, with where to begin and to end in each.
    func stretches(
        from position: JournalPosition
    ) -> (tail: JournalPosition, stretches: [(segment: JournalSegment, from: Int, to: Int)]) {
        state.withLock { state in
            let tail = state.tail
            let segments = state.segments.filter { $0.sequence >= position.sequence }
            let stretches = segments.map { segment in
                (
                    segment, segment.sequence == position.sequence ? position.offset : JournalSegment.headerBytes,
                    segment.sequence == tail.sequence ? tail.offset : segment.size
                )
            }
            return (tail, stretches)
        }
    }

    /// Says that everything before the position is in the tables: its segments can be written again.
    func release(before position: JournalPosition) {
        let (waiting, surplus) = state.withLock { state in
            state.failure = nil
            while state.segments[0].sequence < position.sequence { state.free.append(state.segments.removeFirst()) }
            let surplus = state.free.dropFirst(2)
            state.free.removeLast(surplus.count)
            return (state.takeWaiting(), surplus)
        }
        for segment in surplus { segment.remove() }
        for continuation in waiting { continuation.resume() }
    }

    /// Says that folding failed: who finds no room gets the failure instead of waiting.
    func fail(_ failure: LedgerError) {
        let waiting = state.withLock { state in
            state.failure = failure
            return state.takeWaiting()
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Whether it takes in rows, and the last ones reached the tables.
    var isWritable: Bool { state.withLock { $0.failure == nil && !$0.isClosed } }

    /// Keeps a segment ready for the next rotation, up to the limit; a disk that is full shows here and hurts nobody
    /// yet.
    func prepare() {
        let name = state.withLock { state -> Int? in
            guard state.free.isEmpty, state.segments.count < options.segmentLimit, !state.isClosed else { return nil }
            state.nextName += 1
            return state.nextName - 1
        }
        guard let name, let segment = try? Self.segment(ledger, name, options) else { return }
        let waiting = state.withLock { state in
            state.free.append(segment)
            return state.takeWaiting()
        }
        for continuation in waiting { continuation.resume() }
    }

    /// True if nothing was appended behind the position: the next append then wakes the folder.
    func sleeps(at position: JournalPosition) -> Bool {
        state.withLock { state in
            state.folderSleeps = state.tail == position
            return state.folderSleeps
        }
    }

    /// Takes in nothing from now on.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.takeWaiting()
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Takes the files away, once everything in them is in the tables.
    func remove() {
        let segments = state.withLock { $0.segments + $0.free }
        for segment in segments { segment.remove() }
    }
}

extension Journal.State {
    fileprivate mutating func takeSleep() -> Bool {
        defer { folderSleeps = false }
        return folderSleeps
    }

    fileprivate mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
        defer { waiting = [] }
        return waiting
    }
}
