import Engine
import Gateway
import Synchronization

/// Ends a generation that does not begin, or does not end, in time.
final class GenerationDeadline: Sendable {
    /// Which limit was missed.
    enum Missed: Sendable {
        case firstToken, whole
    }

    private struct State {
        var hasBegun = false
        var hasEnded = false
        var missed: Missed?
    }

    private let state = Mutex(State())
    private let timers = Mutex<[Task<Void, Never>]>([])

    init(_ stream: GenerationStream, _ limits: BackendRequest.Limits) {
        if let limit = limits.firstByte { start(limit, .firstToken, stream) }
        if let limit = limits.total { start(limit, .whole, stream) }
    }

    deinit { end() }

    /// Which limit was missed; nil if none was.
    var missed: Missed? { state.withLock { $0.missed } }

    /// The generation has begun.
    func tokenCame() {
        state.withLock { $0.hasBegun = true }
    }

    /// The generation is over.
    func end() {
        state.withLock { $0.hasEnded = true }
        timers.withLock { timers in
            for timer in timers { timer.cancel() }
            timers = []
        }
    }

    private func start(_ limit: Duration, _ kind: Missed, _ stream: GenerationStream) {
        let timer = Task { [weak self] in
            guard (try? await Task.sleep(for: limit)) != nil, let self, self.miss(kind) else { return }
            stream.cancel()
        }
        timers.withLock { $0.append(timer) }
    }

    private func miss(_ kind: Missed) -> Bool {
        state.withLock { state in
            guard !state.hasEnded, state.missed == nil, kind == .whole || !state.hasBegun else { return false }
            state.missed = kind
            return true
        }
    }
}
