import Dispatch
import Foundation
import Synchronization

/// The thread that brings the journal to the disk, for all callers that wait at once.
final class JournalSync: Sendable {
    private struct State: ~Copyable {
        var waiting: [CheckedContinuation<Bool, Never>] = []
        var sleeps = false
        var isClosed = false
        var syncs = 0
    }

    private let journal: Journal
    private let path: String
    private let wake = DispatchSemaphore(value: 0)
    private let state = Mutex(State())

    init(_ journal: Journal, path: String) {
        self.journal = journal
        self.path = path
        let thread = Thread { [self] in run() }
        thread.name = "ledger sync"
        thread.start()
    }

    /// Returns when everything that was appended before the call is on the disk.
    func wait() async throws(LedgerError) {
        let isSynced = await withCheckedContinuation { continuation in
            let (isTaken, wakes) = state.withLock { state in
                if state.isClosed { return (false, false) }
                state.waiting.append(continuation)
                defer { state.sleeps = false }
                return (true, state.sleeps)
            }
            if wakes { wake.signal() }
            if !isTaken { continuation.resume(returning: false) }
        }
        if !isSynced {
            throw LedgerError(.damaged, "the journal of the ledger \(path) could not be synced: check the disk")
        }
    }

    /// How many times the disk was waited for.
    var count: Int { state.withLock { $0.syncs } }

    /// Ends the thread once nobody waits.
    func stop() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    private func run() {
        var synced = JournalPosition.start
        while true {
            let (waiting, isClosed) = state.withLock { state in
                defer { state.waiting = [] }
                state.sleeps = state.waiting.isEmpty
                return (state.waiting, state.isClosed)
            }
            if waiting.isEmpty {
                if isClosed { return }
                wake.wait()
                continue
            }
            let (tail, stretches) = journal.stretches(from: synced)
            let isSynced = stretches.allSatisfy { $0.segment.sync() }
            if isSynced { synced = tail }
            state.withLock { $0.syncs += 1 }
            for continuation in waiting { continuation.resume(returning: isSynced) }
        }
    }
}
