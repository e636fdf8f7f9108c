/// Keeps a loop from sleeping for a moment after a turn that did work, where the next event usually comes at once.
///
/// A processor that sleeps takes long to wake, on a virtual machine tens of microseconds, and finds its caches cold. With
/// one or two requests under way each of them would pay that twice: for the upstream's answer and for the client's next
/// request. How often such waits ended in time is remembered for both, and where it is less than every second one the
/// loop sleeps at once, but for a try now and then. Used on the loop's thread alone.
struct BusyPoll {
    /// What a wait is for.
    private enum Cause {
        case answer, request
    }

    /// How waits have ended, newer ones counting more.
    private struct Record {
        private static let one = 1 << 10
        /// Where waits are not in time, one of so many is tried.
        private static let rareness = 64
        private var share = Record.one / 2
        private var passed = 0

        /// Whether the next wait is worth a look.
        mutating func isWorthIt() -> Bool {
            if share >= Self.one / 2 { return true }
            passed = (passed + 1) % Self.rareness
            return passed == 0
        }

        mutating func note(inTime: Bool) {
            share += ((inTime ? Self.one : 0) - share) / 8
        }
    }

    /// With more requests under way their work fills the waits.
    private static let requests = 2
    /// So many looks in a row; other tasks of the loop run after them.
    private static let looks = 4
    /// How long a wait lasts at most.
    private static let patience = Duration.microseconds(100)

    private var answers = Record()
    private var nextRequests = Record()
    /// Whether the loop has something to do; nil as long as nobody can tell.
    var isReady: (() -> Bool)?
    private var cause: Cause?
    private var start = ContinuousClock.now

    /// Whether to begin a wait after a turn that left so many requests under way.
    mutating func begins(underWay: Int) -> Bool {
        guard underWay <= Self.requests, isReady != nil, cause == nil else { return false }
        let cause = underWay > 0 ? Cause.answer : .request
        guard cause == .answer ? answers.isWorthIt() : nextRequests.isWorthIt() else { return false }
        self.cause = cause
        start = .now
        return true
    }

    /// Looks for events; true if there are none, and it is worth looking again.
    mutating func looks() -> Bool {
        guard let isReady, let cause else { return false }
        for _ in 0..<Self.looks where isReady() { return end(cause, inTime: true) }
        return ContinuousClock.now - start < Self.patience ? true : end(cause, inTime: false)
    }

    /// Other work has come from within the process: that says nothing about the wait.
    mutating func interrupt() {
        cause = nil
    }

    private mutating func end(_ cause: Cause, inTime: Bool) -> Bool {
        self.cause = nil
        switch cause {
        case .answer: answers.note(inTime: inTime)
        case .request: nextRequests.note(inTime: inTime)
        }
        return false
    }
}
