import Dispatch
import Synchronization

/// Bounds how many requests are in progress: what comes beyond that waits, up to a number and for a while, and what comes
/// beyond that is refused at once.
final class RequestGate: Sendable {
    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var inProgress = 0
        var waiters: [Waiter] = []
        var lastNumber = 0
    }

    private let limit: Int
    private let waitingLimit: Int
    private let patience: Duration
    private let state = Mutex(State())

    init(limit: Int, waiting: Int, patience: Duration) {
        self.limit = limit
        waitingLimit = waiting
        self.patience = patience
    }

    /// Whether the next request would be refused.
    var isFull: Bool {
        state.withLock { $0.inProgress >= limit && $0.waiters.count >= waitingLimit }
    }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.waiters.count } }

    /// Lets a request in, now or when another has ended; false if there is no room in time. Whoever is let in leaves.
    func enter() async -> Bool {
        let isIn = state.withLock { state in
            guard state.inProgress < limit else { return false }
            state.inProgress += 1
            return true
        }
        return isIn ? true : await wait()
    }

    /// A request has ended: the one that waits longest takes its place.
    func leave() {
        let next: Waiter? = state.withLock { state in
            guard !state.waiters.isEmpty else {
                state.inProgress -= 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.continuation.resume(returning: true)
    }

    private func wait() async -> Bool {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.inProgress < limit {
                        state.inProgress += 1
                        return true
                    }
                    guard state.waiters.count < waitingLimit else { return false }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let answer { return continuation.resume(returning: answer) }
                let nanoseconds = patience / .nanoseconds(1)
                DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(nanoseconds))) {
                    self.dismiss(number)
                }
            }
        } onCancel: {
            dismiss(number)
        }
    }

    private func dismiss(_ number: Int) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: false)
    }
}
