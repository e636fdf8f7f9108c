import Dispatch
import Foundation
import GRDB
import Synchronization

/// The thread that folds the journal into the tables, in large transactions and in the background.
final class JournalFolder: Sendable {
    /// What callers wait for.
    enum Work {
        case modeChange(ModeChange)
        /// Writes nothing that stays; shows that the ledger can be written.
        case probe
        /// Everything that was acknowledged before is in the tables.
        case fold
    }

    private struct Pending {
        let work: Work
        let continuation: CheckedContinuation<Result<Void, LedgerError>, Never>
    }

    private struct State: ~Copyable {
        var pending: [Pending] = []
        var health = LedgerHealth()
        var isClosing = false
        var hasEnded = false
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    /// How long it waits after a failure before it tries again.
    private static let retryInterval = 0.5

    /// So many rows are folded at a time, and so many microseconds are left to others then: a thread that has much to do
    /// keeps a processor for a tick of 4 ms, in which no request on it goes on.
    private static let stretch = 16
    private static let restTime: UInt32 = 500

    private let path: String
    private let pool: DatabasePool
    private let lock: LedgerLock
    private let options: LedgerOptions
    private let journal: Journal
    private let wake: DispatchSemaphore
    private let alarms = DispatchQueue(label: "ledger alarms")
    private let state = Mutex(State())

    init(
        path: String, pool: DatabasePool, lock: LedgerLock, journal: Journal, options: LedgerOptions,
        wake: DispatchSemaphore
    ) {
        self.path = path
        self.pool = pool
        self.lock = lock
        self.journal = journal
        self.options = options
        self.wake = wake
    }

    func start(at position: JournalPosition) {
        let thread = Thread { [self] in run(from: position) }
        thread.name = "ledger"
        thread.start()
    }

    var health: LedgerHealth {
        let counts = journal.counts
        return state.withLock { state in
            var health = state.health
            health.recorded = counts.records
            health.waitingForRoom = counts.waiting
            return health
        }
    }

    /// Returns when the work is committed.
    func submit(_ work: Work) async throws(LedgerError) {
        let result = await withCheckedContinuation { continuation in
            let isTaken = state.withLock { state in
                if !state.isClosing { state.pending.append(Pending(work: work, continuation: continuation)) }
                return !state.isClosing
            }
            if isTaken {
                wake.signal()
            } else {
                continuation.resume(returning: .failure(LedgerError(.closed, "the ledger \(path) has been closed")))
            }
        }
        try result.get()
    }

    /// Counts a row that could not be acknowledged.
    func noteRefusal() { state.withLock { $0.health.failures += 1 } }

    /// Lets the thread end after what was acknowledged is folded.
    func stop() {
        journal.close()
        state.withLock { $0.isClosing = true }
        wake.signal()
    }

    /// Stops, and returns when the file is closed.
    func close() async {
        stop()
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.closers.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func run(from position: JournalPosition) {
        var position = position
        while true {
            let (pending, isClosing) = state.withLock { state in
                defer { state.pending = [] }
                return (state.pending, state.isClosing)
            }
            let failure = fold(from: &position, pending.map(\.work))
            for waiting in pending {
                waiting.continuation.resume(returning: failure.map { .failure($0) } ?? .success(()))
            }
            journal.prepare()
            if isClosing, state.withLock({ $0.pending.isEmpty }) {
                end(removing: failure == nil)
                return
            }
            sleep(failure, position)
        }
    }

    /// Until there is something to do: at once for callers that wait, after a while for rows.
    private func sleep(_ failure: LedgerError?, _ position: JournalPosition) {
        if failure == nil, journal.sleeps(at: position) {
            wake.wait()
            if state.withLock({ !$0.pending.isEmpty || $0.isClosing }) { return }
        }
        // A semaphore's own time limit is a time of the wall clock here: set back an hour, it would last an hour
        // longer.
        let alarm = DispatchWorkItem { [wake] in wake.signal() }
        alarms.asyncAfter(
            deadline: .now() + (failure == nil ? options.foldInterval : Self.retryInterval), execute: alarm)
        wake.wait()
        alarm.cancel()
    }

    private func end(removing: Bool) {
        // A journal that could not be folded stays for the next start.
        if removing { journal.remove() }
        try? pool.close()
        lock.unlock()
        let closers = state.withLock { state in
            state.hasEnded = true
            return state.closers
        }
        for closer in closers { closer.resume() }
    }

    /// Folds everything up to the present tail, and the work with it; returns why it could not.
    private func fold(from position: inout JournalPosition, _ work: [Work]) -> LedgerError? {
        let tail = journal.tail
        var step = JournalFold(position: position)
        for item in work {
            switch item {
            case .modeChange(let change): step.changes.append(change)
            case .probe: step.probes = true
            case .fold: break
            }
        }
        // A failure ends with a success, even if there is nothing left to write.
        if position == tail, step.changes.isEmpty { step.probes = step.probes || !health.isWritable }
        while position < tail || !step.changes.isEmpty || step.probes {
            do {
                let (refused, rows) = try write(&step, from: position, to: tail)
                position = step.position
                state.withLock { $0.health.note(rows: rows, refused: refused) }
                journal.release(before: position)
                step = JournalFold(position: position)
            } catch {
                let failure = LedgerError(error, path: path)
                state.withLock { $0.health.currentFailure = failure }
                journal.fail(failure)
                return failure
            }
        }
        return nil
    }

    /// One transaction: at most `batchLimit` rows.
    private func write(
        _ step: inout JournalFold, from position: JournalPosition, to tail: JournalPosition
    ) throws -> (refused: Int, rows: Int) {
        // The end is found first, since the transaction writes it down.
        var end = position
        var rows = 0
        let stretches = journal.stretches(from: position).stretches
        var parts: [(segment: JournalSegment, from: Int, to: Int)] = []
        for stretch in stretches where rows < options.batchLimit && stretch.segment.sequence <= tail.sequence {
            let segment = stretch.segment
            var frames = unsafe JournalFrames(
                segment.bytes, sequence: segment.sequence, from: stretch.from, to: stretch.to, verifies: false)
            while rows < options.batchLimit, frames.next() != nil { rows += 1 }
            parts.append((segment, stretch.from, frames.offset))
            end = JournalPosition(sequence: segment.sequence, offset: frames.offset)
        }
        step.position = max(end, position)
        var folded = 0
        let refused = try step.write(to: pool) { insert in
            for part in parts {
                var frames = unsafe JournalFrames(
                    part.segment.bytes, sequence: part.segment.sequence, from: part.from, to: part.to, verifies: false)
                while let record = frames.next() {
                    try insert(record)
                    folded += 1
                    if folded % Self.stretch == 0 { rest() }
                }
            }
        }
        return (refused, rows)
    }

    /// Lets others have the processor, unless somebody waits for rows or for room.
    private func rest() {
        let isAwaited = state.withLock { !$0.pending.isEmpty || $0.isClosing }
        if !isAwaited, journal.hasRoomToSpare { usleep(Self.restTime) }
    }
}
