import Dispatch
import Foundation
import GRDB
import Synchronization

/// The one thread that writes a ledger: takes what waits, commits it in one transaction, then tells the callers.
final class LedgerWriter: Sendable {
    private struct State: ~Copyable {
        var queue: LedgerQueue
        var health = LedgerHealth()
        var hasEnded = false
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let path: String
    private let pool: DatabasePool
    private let lock: LedgerLock
    private let batchLimit: Int
    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)

    init(path: String, pool: DatabasePool, lock: LedgerLock, options: LedgerOptions) {
        self.path = path
        self.pool = pool
        self.lock = lock
        batchLimit = options.batchLimit
        state = Mutex(State(queue: LedgerQueue(capacity: options.queueCapacity)))
    }

    func start() {
        let thread = Thread { [self] in run() }
        thread.name = "ledger"
        thread.start()
    }

    var health: LedgerHealth {
        state.withLock { state in
            var health = state.health
            health.queueDepth = state.queue.depth
            health.waitingForRoom = state.queue.waitingForRoom
            return health
        }
    }

    /// Returns when the work is committed.
    func submit(_ work: LedgerQueue.Work) async throws(LedgerError) {
        let result = await withCheckedContinuation { continuation in
            let pending = LedgerQueue.Pending(work: work, continuation: continuation)
            let (isTaken, wakes) = state.withLock { state in
                let isTaken = state.queue.append(pending)
                defer { state.queue.writerSleeps = false }
                return (isTaken, isTaken && state.queue.writerSleeps)
            }
            if wakes { wake.signal() }
            if !isTaken {
                continuation.resume(returning: .failure(LedgerError(.closed, "the ledger \(path) has been closed")))
            }
        }
        try result.get()
    }

    /// Lets the thread end after what waits is written.
    func stop() {
        state.withLock { $0.queue.close() }
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

    private func run() {
        while let batch = nextBatch() { commit(batch) }
        try? pool.close()
        lock.unlock()
        let closers = state.withLock { state in
            state.hasEnded = true
            return state.closers
        }
        for closer in closers { closer.resume() }
    }

    private func nextBatch() -> [LedgerQueue.Pending]? {
        while true {
            let (batch, isClosed) = state.withLock { state in
                let batch = state.queue.take(batchLimit)
                state.queue.writerSleeps = batch.isEmpty
                return (batch, state.queue.isClosed)
            }
            if !batch.isEmpty { return batch }
            if isClosed { return nil }
            wake.wait()
        }
    }

    private func commit(_ batch: [LedgerQueue.Pending]) {
        let results: [Result<Void, LedgerError>]
        do {
            let refused = try LedgerTransaction.write(batch.map(\.work), to: pool)
            results = batch.indices.map { index in refused[index].map { .failure($0) } ?? .success(()) }
        } catch {
            let failure = LedgerError(error, path: path)
            results = batch.map { _ in .failure(failure) }
        }
        state.withLock { state in state.health.note(results) }
        for (pending, result) in zip(batch, results) { pending.continuation.resume(returning: result) }
    }
}
