import Dispatch
import Synchronization

/// The bounded queue between callers and workers.
final class GenerationQueue: Sendable {
    private struct State {
        var waiting: [GenerationJob] = []
        var running: [GenerationJob] = []
        var isClosed = false
    }

    private enum Order {
        case run(GenerationJob)
        case wait
        case end
    }

    private let limit: Int
    private let workers: Int
    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    init(limit: Int, workers: Int) {
        self.limit = limit
        self.workers = workers
    }

    var load: (running: Int, waiting: Int) {
        state.withLock { ($0.running.count, $0.waiting.count) }
    }

    func add(_ job: GenerationJob) throws(EngineError) {
        let refusal: String? = state.withLock { state in
            if state.isClosed { return "the engine is shutting down" }
            // An idle worker's job is in the queue for a moment only.
            guard state.waiting.count < limit + max(workers - state.running.count, 0) else {
                return "\(state.waiting.count) requests are waiting for the engine, which is its limit"
            }
            state.waiting.append(job)
            return nil
        }
        if let refusal { throw .busy(refusal) }
        signal.signal()
    }

    func remove(_ job: GenerationJob) {
        state.withLock { $0.waiting.removeAll { $0 === job } }
    }

    /// Runs jobs until the queue is closed: the body of a worker's thread.
    func work(_ config: ModelConfig) {
        var cache = KeyValueCache(config)
        var scratch = DecoderScratch(config)
        while true {
            signal.wait()
            switch next() {
            case .end: return
            case .wait: continue
            case .run(let job):
                cache.truncate(to: 0)
                job.run(cache: &cache, scratch: &scratch)
                state.withLock { $0.running.removeAll { $0 === job } }
            }
        }
    }

    func close() {
        let (waiting, running) = state.withLock { state in
            defer { state.waiting = [] }
            state.isClosed = true
            return (state.waiting, state.running)
        }
        // Outside the lock: a job that ends takes itself out of the queue.
        for job in running { job.cancel() }
        for job in waiting { job.fail(.busy("the engine is shutting down")) }
        for _ in 0..<workers { signal.signal() }
    }

    private func next() -> Order {
        state.withLock { state in
            if state.isClosed { return .end }
            guard !state.waiting.isEmpty else { return .wait }
            let job = state.waiting.removeFirst()
            state.running.append(job)
            return .run(job)
        }
    }
}
