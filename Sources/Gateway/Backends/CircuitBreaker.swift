import Synchronization

/// Keeps requests away from something that fails: it opens after 5 failures of the last 20 results, rests for 30 s, and
/// then lets single requests through until one succeeds.
///
/// As long as nothing fails, asking and telling it cost one atomic read each.
public final class CircuitBreaker: Sendable {
    /// When it opens, and for how long.
    public struct Options: Sendable, Hashable {
        /// How many failures open it; 0 never does.
        public var failures: Int
        /// Among how many of the last results, 64 at most.
        public var window: Int
        /// How long it stays open before a request may probe.
        public var rest: Duration

        /// Makes options; whatever is left out has its default.
        public init(failures: Int = 5, window: Int = 20, rest: Duration = .seconds(30)) {
            self.failures = failures
            self.window = min(64, max(1, window))
            self.rest = rest
        }
    }

    /// What a request may do.
    public enum Admission: Sendable, Equatable {
        /// Go ahead.
        case allowed
        /// Stay away, for so long at least.
        case refused(Duration)
    }

    /// The longest rest that somebody else, such as an upstream's `Retry-After`, may ask for.
    public static let longestRest = Duration.seconds(60)

    private struct State {
        /// The last results, the newest lowest; a one is a failure.
        var results: UInt64 = 0
        /// Until when nobody is let through; nil while closed.
        var openUntil: ContinuousClock.Instant?
        /// When the request that probes was let through.
        var probeStart: ContinuousClock.Instant?
        var lastFailure: ContinuousClock.Instant?
    }

    private let options: Options
    private let state = Mutex(State())
    /// True while no result of the window is a failure and it is closed: then there is nothing to look up or to note.
    private let isQuiet = Atomic(true)

    /// A closed breaker.
    public init(_ options: Options = Options()) {
        self.options = options
    }

    /// Whether a request may go ahead; one that may has to be told of with `succeeded`, `failed` or `left`.
    public func admit() -> Admission {
        if isQuiet.load(ordering: .relaxed) { return .allowed }
        let now = ContinuousClock.now
        return state.withLock { state in
            guard let openUntil = state.openUntil else { return .allowed }
            if now < openUntil { return .refused(openUntil - now) }
            // A probe that nobody told of is forgotten after a rest.
            if let probe = state.probeStart, now - probe < options.rest {
                return .refused(options.rest - (now - probe))
            }
            state.probeStart = now
            return .allowed
        }
    }

    /// Whether a failure came within the last second, so that others are better asked first.
    public var isShaky: Bool {
        if isQuiet.load(ordering: .relaxed) { return false }
        let now = ContinuousClock.now
        return state.withLock { state in state.lastFailure.map { now - $0 < .seconds(1) } ?? false }
    }

    /// Whether it keeps requests away.
    public var isOpen: Bool {
        if isQuiet.load(ordering: .relaxed) { return false }
        return state.withLock { $0.openUntil != nil }
    }

    /// A request got an answer; a probe's closes the breaker.
    public func succeeded() {
        if isQuiet.load(ordering: .relaxed) { return }
        state.withLock { state in
            if state.openUntil != nil {
                // Requests that began before it opened prove nothing.
                guard state.probeStart != nil else { return }
                state = State()
            } else {
                state.results = state.results << 1 & mask
            }
            if state.results == 0 { isQuiet.store(true, ordering: .relaxed) }
        }
    }

    /// A request failed; a probe's failure opens it again.
    public func failed() {
        guard options.failures > 0 else { return }
        let now = ContinuousClock.now
        state.withLock { state in
            isQuiet.store(false, ordering: .relaxed)
            state.results = (state.results << 1 | 1) & mask
            state.lastFailure = now
            let isProbe = state.probeStart != nil
            guard isProbe || state.openUntil == nil && state.results.nonzeroBitCount >= options.failures else { return }
            state.probeStart = nil
            state.openUntil = now + options.rest
        }
    }

    /// A request ended without telling anything, because its client left.
    public func left() {
        if isQuiet.load(ordering: .relaxed) { return }
        state.withLock { $0.probeStart = nil }
    }

    /// Opens it for a time that was asked for, 60 s at most.
    public func rest(for time: Duration) {
        guard time > .zero else { return }
        let end = ContinuousClock.now + min(time, Self.longestRest)
        state.withLock { state in
            isQuiet.store(false, ordering: .relaxed)
            state.probeStart = nil
            state.openUntil = max(state.openUntil ?? end, end)
        }
    }

    private var mask: UInt64 { options.window == 64 ? .max : (1 << UInt64(options.window)) - 1 }
}
