/// Keeps a loop from sleeping for a moment after a turn that did work, where what it waits for usually comes at once.
///
/// A processor that sleeps takes long to wake, on a virtual machine tens of microseconds, and finds its caches cold. A
/// request that has the loop to itself would pay that twice: for the upstream's answer and for the client's next request.
/// How often such waits ended in time is remembered for both, and where it is less than every second one the loop sleeps
/// at once, but for a try now and then. Used on the loop's thread alone.
struct BusyPoll {
    /// What is waited for.
    private enum Cause {
        /// The beginning of an upstream's answer.
        case answer
        /// A request, while none is under way.
        case request
    }

    /// How often something went as hoped, newer times counting more.
    private struct Record {
        private static let one = 1 << 10
        /// Where it seldom does, one of so many is tried.
        private static let rareness = 64
        private var share: Int
        private var passed = 0

        /// Begins with a share, out of 1,024.
        init(share: Int = Record.one / 2) {
            self.share = share
        }

        /// Whether the next time is worth a try.
        mutating func isWorthIt() -> Bool {
            if share >= Self.one / 2 { return true }
            passed = (passed + 1) % Self.rareness
            return passed == 0
        }

        mutating func note(_ wentWell: Bool) {
            share += ((wentWell ? Self.one : 0) - share) / 8
        }

        /// Whether it nearly always does.
        var isSteady: Bool { share > Self.one * 3 / 4 }
    }

    /// With more requests that wait for an answer, their work fills the waits; and so it does where requests come many at a time.
    private static let requests = 2
    /// So many looks in a row; other tasks of the loop run after them.
    private static let looks = 4
    /// How long a wait lasts at most, whatever else happens meanwhile.
    private static let patience = Duration.microseconds(100)

    /// Whether the loop has something to do; nil as long as nobody can tell.
    var isReady: (() -> Bool)?
    /// Requests whose answer is not at its end, and those of them whose answer has not begun.
    private var (open, unanswered) = (0, 0)
    private var answers = Record()
    private var nextRequests = Record()
    /// Whether requests find few others before them.
    private var calm = Record(share: 1 << 10)
    /// The wait that is not decided yet, and since when.
    private var cause: Cause?
    private var start = ContinuousClock.now
    /// Whether the loop is being kept from sleeping.
    private var isLooking = false
    /// Whether what is waited for at present is not worth another look.
    private var isGivenUp = false

    // MARK: What happens

    /// A request's head was read.
    mutating func requestBegan() {
        open += 1
        unanswered += 1
        calm.note(unanswered <= Self.requests)
        settle(.request)
    }

    /// An answer's head was written.
    mutating func answerBegan() {
        unanswered -= 1
        settle(.answer)
    }

    /// A request is over.
    mutating func requestEnded(wasAnswered: Bool) {
        open -= 1
        if !wasAnswered { unanswered -= 1 }
        settle(nil)
    }

    private mutating func settle(_ event: Cause?) {
        // A turn that had no end to look from may lie between.
        if let cause, cause == event { note(cause, inTime: ContinuousClock.now - start < Self.patience * 2) }
        cause = nil
        isGivenUp = false
    }

    // MARK: What is to be done

    /// Whether to look for events now that a turn's work is done.
    mutating func begins() -> Bool {
        guard isReady != nil, !isLooking, !isGivenUp, calm.isSteady, let current else { return false }
        if cause == nil {
            guard current == .answer ? answers.isWorthIt() : nextRequests.isWorthIt() else {
                isGivenUp = true
                return false
            }
            (cause, start) = (current, .now)
        }
        isLooking = true
        return true
    }

    /// Looks for events; true if there are none, and it is worth looking again.
    mutating func looks() -> Bool {
        isLooking = false
        guard let cause, let isReady else { return false }
        for _ in 0..<Self.looks where isReady() { return false }
        if ContinuousClock.now - start < Self.patience {
            isLooking = true
        } else {
            note(cause, inTime: false)
            self.cause = nil
            isGivenUp = true
        }
        return isLooking
    }

    private var current: Cause? {
        if open == 0 { return .request }
        return unanswered > 0 && unanswered <= Self.requests ? .answer : nil
    }

    private mutating func note(_ cause: Cause, inTime: Bool) {
        switch cause {
        case .answer: answers.note(inTime)
        case .request: nextRequests.note(inTime)
        }
    }
}
