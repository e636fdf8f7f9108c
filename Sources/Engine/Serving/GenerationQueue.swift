import Dispatch
import Synchronization

/// The bounded queue between callers and the scheduler.
final class GenerationQueue: Sendable {
    private struct State {
        var waiting: [GenerationJob] = []
        var running = 0
        var isClosed = false
        var dropped: [Int] = []
    }

    private let limit: Int
    private let sequences: Int
    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    init(limit: Int, sequences: Int) {
        self.limit = limit
        self.sequences = sequences
    }

    var load: (running: Int, waiting: Int) {
        state.withLock { ($0.running, $0.waiting.count) }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func add(_ job: GenerationJob) throws(EngineError) {
        let refusal: String? = state.withLock { state in
            if state.isClosed { return "the engine is shutting down" }
            // What the scheduler has room for is in the queue for a moment only.
            guard state.waiting.count < limit + max(sequences - state.running, 0) else {
                return "\(state.waiting.count) requests are waiting for the engine, which is its limit"
            }
            state.waiting.append(job)
            return nil
        }
        if let refusal { throw .busy(refusal) }
        signal.signal()
    }

    /// Ends a job that waits at once; one that runs ends with its step.
    func cancel(_ job: GenerationJob) {
        job.cancel()
        let wasWaiting = state.withLock { state in
            let count = state.waiting.count
            state.waiting.removeAll { $0 === job }
            return state.waiting.count < count
        }
        if wasWaiting { job.finish(.cancelled, GenerationStatistics()) }
    }

    /// Notes that an adapter version's keys and values will not be asked for again.
    func drop(adapter number: Int) {
        state.withLock { $0.dropped.append(number) }
        signal.signal()
    }

    /// The adapter versions dropped since the last call.
    func takeDropped() -> [Int] {
        state.withLock { state in
            defer { state.dropped = [] }
            return state.dropped
        }
    }

    /// Takes out the waiting jobs that `admit` takes, in order of arrival; they count as running.
    func take(_ admit: (GenerationJob) -> Bool) -> [GenerationJob] {
        let waiting = state.withLock { $0.waiting }
        guard !waiting.isEmpty else { return [] }
        let wanted = waiting.filter(admit)
        return state.withLock { state in
            // One that was cancelled meanwhile is gone.
            let taken = wanted.filter { job in state.waiting.contains { $0 === job } }
            state.waiting.removeAll { job in taken.contains { $0 === job } }
            state.running += taken.count
            return taken
        }
    }

    /// Notes that so many sequences have ended.
    func ended(_ count: Int) {
        state.withLock { $0.running -= count }
    }

    /// Sleeps until something happens.
    func wait() {
        signal.wait()
    }

    func close() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isClosed = true
            return state.waiting
        }
        // Outside the lock: a job that ends takes itself out of the queue.
        for job in waiting { job.fail(.busy("the engine is shutting down")) }
        signal.signal()
    }
}
