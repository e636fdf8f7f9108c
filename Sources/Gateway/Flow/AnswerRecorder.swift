import ChatAPI
import Ledger
import Synchronization

/// Reads along an answer on its way to the client, and writes the attempt's row exactly once, however the answer ends.
///
/// If everybody lets go of it before the end, the client has left: the row then says `aborted`.
final class AnswerRecorder: Sendable {
    private struct State {
        var stream: StreamObserver?
        var response = ResponseObserver()
        var firstByte: ContinuousClock.Instant?
        var firstContent: ContinuousClock.Instant?
        var contentEvents = 0
        var bytes = 0
        /// The last four bytes that the client was given of a stream, the newest lowest.
        var last: UInt32 = 0x0A0A
        var isFinished = false

        mutating func note(_ chunk: [UInt8]) {
            bytes += chunk.count
            if firstByte == nil { firstByte = .now }
        }

        mutating func passOn(_ chunk: [UInt8]) {
            for byte in chunk.suffix(4) { last = last << 8 | UInt32(byte) }
        }

        /// Two line ends stand between events.
        var isBetweenEvents: Bool { [0x0A0A, 0x0D0D].contains(last & 0xFFFF) || last == 0x0D0A_0D0A }
    }

    private let attempt: Attempt
    private let status: Int
    private let counted: TokenCounter?
    private let isPacked: Bool
    /// Whether the answer's tokens are estimated where nobody tells them.
    private let countsAnswer: Bool
    private let log: AttemptLog
    private let state: Mutex<State>

    init(_ attempt: Attempt, _ reply: Reply, log: AttemptLog, countsAnswer: Bool = true) {
        self.attempt = attempt
        self.countsAnswer = countsAnswer
        self.log = log
        status = reply.status
        counted = reply.counted
        isPacked = reply.isEncoded
        var initial = State()
        if reply.isEventStream, !isPacked { initial.stream = StreamObserver() }
        state = Mutex(initial)
    }

    deinit {
        guard let ending = close(.aborted) else { return }
        let (attempt, log) = (attempt, log)
        Task { await log.record(attempt, ending) }
    }

    /// Reads a chunk of an answer that is sent whole.
    func observe(_ chunk: [UInt8]) {
        state.withLock { state in
            state.note(chunk)
            if !isPacked { state.response.observe(chunk) }
        }
    }

    /// Reads a chunk of an event stream; returns what the client is to see of it.
    ///
    /// - Parameter hidingUsage: true takes out the usage chunk; events are then passed on whole.
    func observeEvents(_ chunk: [UInt8], hidingUsage: Bool) throws(SSEError) -> [UInt8] {
        try state.withLock { state throws(SSEError) in
            state.note(chunk)
            var visible: [UInt8] = []
            state.stream?.append(chunk)
            do throws(SSEError) {
                while let event = try state.stream?.next() {
                    if event.kind == .content {
                        state.contentEvents += 1
                        state.firstContent = state.firstContent ?? .now
                    }
                    if hidingUsage, event.kind != .usageOnly { visible += event.raw }
                }
            } catch {
                if hidingUsage { throw error }
            }
            state.passOn(hidingUsage ? visible : chunk)
            return hidingUsage ? visible : chunk
        }
    }

    /// What is left of an event stream that ended without a blank line.
    func remainingEvents() -> [UInt8] {
        state.withLock { state in state.stream?.finish().map { Array($0.raw) } ?? [] }
    }

    /// True once the event came after which nothing more is to be expected.
    var sawEnd: Bool { state.withLock { $0.stream?.sawDone ?? false } }

    /// True if an event of our own can follow what the client has of the stream: it stands between two events.
    var mayTellError: Bool {
        state.withLock { state in
            state.stream != nil && state.isBetweenEvents
        }
    }

    /// True if the stream may end here: it said why, or that it is done, or that there was an error.
    ///
    /// - Parameter saysNothing: whether it may end without a word; a Responses stream never may.
    func mayEnd(saysNothing: Bool) -> Bool {
        state.withLock { state in
            guard let stream = state.stream else { return true }
            return stream.sawDone || stream.finishReason != nil || stream.sawError || stream.failure != nil
                || saysNothing && !stream.isResponse
        }
    }

    /// Writes the row, unless it was written before; returns when it is committed.
    ///
    /// - Parameter failure: the code of what went wrong.
    func finish(_ outcome: LedgerEntry.Outcome, failure: String? = nil) async {
        guard var ending = close(outcome) else { return }
        ending.failure = ending.failure ?? failure
        await log.record(attempt, ending)
    }

    private func close(_ outcome: LedgerEntry.Outcome) -> AttemptEnding? {
        state.withLock { state in
            guard !state.isFinished else { return nil }
            state.isFinished = true
            return ending(outcome, state)
        }
    }

    private func ending(_ outcome: LedgerEntry.Outcome, _ state: State) -> AttemptEnding {
        var outcome = outcome
        if outcome == .complete, status >= 400 { outcome = .failed }
        if outcome == .complete, state.stream?.sawError == true { outcome = .partial }
        let isStream = state.stream != nil
        let isAnswer = status < 400
        let isEstimated = isAnswer && countsAnswer
        return AttemptEnding(
            outcome: outcome, status: status,
            firstToken: isAnswer ? counted?.firstToken ?? (isStream ? state.firstContent : state.firstByte) : nil,
            usage: state.stream?.usage ?? state.response.usage, counted: counted,
            estimatedCompletion: !isEstimated ? 0 : isStream ? state.contentEvents : (state.bytes + 3) / 4,
            estimate: !isEstimated ? "no answer" : isStream ? "events" : isPacked ? "packed bytes/4" : "bytes/4",
            failure: state.stream?.sawError == true ? "error_event" : nil)
    }
}
