import NIOCore
import Synchronization

/// Runs tasks on one event loop, so that a request's work and its connection share a thread.
///
/// Jobs that come from the loop itself cost no system call, and jobs that come from elsewhere cost one for all that wait.
/// After each job, which is one stretch of a task between two suspensions, what it wrote goes out in one flush.
final class LoopExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isScheduled = false
    }

    /// So many jobs run before the loop looks at its sockets again.
    private static let stretch = 256

    private let loop: any EventLoop
    private let state = Mutex(State())
    /// The connection that the running job wrote to.
    private let written: NIOLoopBoundBox<ExchangeHandler?>

    init(_ loop: any EventLoop) {
        self.loop = loop
        written = NIOLoopBoundBox.makeEmptyBox(valueType: ExchangeHandler.self, eventLoop: loop)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let schedules = state.withLock { state in
            state.jobs.append(job)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if schedules { loop.execute { self.drain() } }
    }

    /// The connection is flushed once the running job pauses; only to be called on the loop.
    func flushLater(_ handler: ExchangeHandler) {
        if let other = written.value, other !== handler { other.flush() }
        written.value = handler
    }

    private func drain() {
        var count = 0
        while count < Self.stretch {
            let jobs = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                if jobs.isEmpty { state.isScheduled = false }
                return jobs
            }
            if jobs.isEmpty { return }
            for job in jobs {
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
                if let handler = written.value {
                    written.value = nil
                    handler.flush()
                }
            }
            count += jobs.count
        }
        loop.execute { self.drain() }
    }
}
