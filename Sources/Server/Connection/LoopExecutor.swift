import NIOCore
import Synchronization

/// Runs tasks on one event loop, so that a request's work and its connection share a thread.
///
/// Jobs that come from the loop itself cost no system call, and jobs that come from elsewhere cost one for all that wait.
/// What jobs wrote goes out when they have run, a few events of streams or many whole answers together: writes that follow
/// one another closely wake a client's processor once.
final class LoopExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isScheduled = false
    }

    /// So many jobs run before the loop looks at its sockets again.
    private static let stretch = 256
    /// So many connections wait at most for the jobs of others, and so many if one of them has a stream.
    private static let (together, fewTogether) = (32, 4)

    private let loop: any EventLoop
    private let state = Mutex(State())
    private let written: NIOLoopBoundBox<Written>

    /// The connections that were written to and not flushed.
    private struct Written {
        var handlers: [ExchangeHandler] = []
        /// Whether one of them has a stream.
        var isUrgent = false
        /// How many jobs are at hand after the one that runs.
        var jobsLeft = 0
        /// Whether what was written outside of a job will be flushed.
        var isFlushScheduled = false
        var busyPoll = BusyPoll()
        /// Whether the loop's event queue was looked for: that reads many small files, so it is done once.
        var hasLearned = false
    }

    init(_ loop: any EventLoop) {
        self.loop = loop
        written = NIOLoopBoundBox.makeBoxSendingValue(Written(), eventLoop: loop)
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

    /// The connection is flushed once the jobs at hand have run, or a few of them if it `isUrgent`; only to be called on the
    /// loop.
    func flushLater(_ handler: ExchangeHandler, isUrgent: Bool) {
        if isUrgent { written.value.isUrgent = true }
        if handler.isFlushDue { return }
        handler.isFlushDue = true
        written.value.handlers.append(handler)
    }

    /// The connection's answer is complete: it is flushed at once if no other job or connection could join, so that what
    /// remains to be done for the request keeps no client waiting; only to be called on the loop.
    func flushNow(_ handler: ExchangeHandler) {
        flushLater(handler, isUrgent: false)
        if written.value.jobsLeft == 0, written.value.handlers.count == 1 { flush() }
    }

    /// What was written outside of a job is flushed when the loop has looked at its other sockets, or a few of them; only
    /// to be called on the loop.
    func flushSoon() {
        if written.value.handlers.count >= Self.fewTogether { return flush() }
        if written.value.isFlushScheduled { return }
        written.value.isFlushScheduled = true
        loop.execute { [self] in
            written.value.isFlushScheduled = false
            flush()
            rest()
        }
    }

    /// Runs what waits to run if that is more than a little; only to be called on the loop, and not from a job.
    func runSome() {
        if state.withLock({ $0.jobs.count >= Self.fewTogether }) { drain() }
    }

    /// Runs what waits to run; only to be called on the loop, and not from a job.
    func runAll() { drain() }

    /// Tells the loop's busy polling what happens to requests; only to be called on the loop.
    func note(_ event: (inout BusyPoll) -> Void) {
        event(&written.value.busyPoll)
    }

    /// The loop watches this descriptor, by which its event queue can be found; only to be called on the loop.
    func learn(_ descriptor: Int32) {
        if written.value.hasLearned { return }
        written.value.hasLearned = true
        guard let readiness = LoopReadiness(watching: descriptor) else { return }
        written.value.busyPoll.isReady = { readiness.isReady }
    }

    /// The turn's work is done: the loop goes to sleep, at once or after a moment of looking for more.
    private func rest() {
        if written.value.busyPoll.begins() { loop.execute { self.look() } }
    }

    private func look() {
        if written.value.busyPoll.looks() { loop.execute { self.look() } }
    }

    private func flush() {
        if written.value.handlers.isEmpty { return }
        let handlers = written.value.handlers
        written.value.handlers = []
        written.value.isUrgent = false
        for handler in handlers {
            handler.isFlushDue = false
            handler.flush()
        }
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
            if jobs.isEmpty {
                flush()
                return rest()
            }
            written.value.jobsLeft = jobs.count
            for job in jobs {
                written.value.jobsLeft -= 1
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
                let limit = written.value.isUrgent ? Self.fewTogether : Self.together
                if written.value.handlers.count >= limit { flush() }
            }
            count += jobs.count
        }
        flush()
        loop.execute { self.drain() }
    }
}
