import Experimentation

/// Who is asked next: the tuned model first if the decision says so, then the full prompt, and never anybody after the
/// first byte of an answer went out. Each event is a method that returns what to do.
struct FallbackMachine: Sendable, Equatable {
    /// What to do next.
    enum Action: Sendable, Equatable {
        /// Send the stripped prompt to the tuned model.
        case askTuned(Reason)
        /// Send the client's own bytes to the full-prompt backend.
        case askFull(Reason)
        /// Give the answer to the client.
        case relay
        /// Tell the client the error.
        case fail
    }

    private enum State: Equatable {
        case idle
        case askingTuned
        case askingFull
        case ended
    }

    private let decision: Decision
    private var state = State.idle

    init(_ decision: Decision) {
        self.decision = decision
    }

    /// The first attempt.
    mutating func begin() -> Action {
        guard state == .idle else { return .fail }
        state = decision.arm == .internalized ? .askingTuned : .askingFull
        return state == .askingTuned ? .askTuned(decision.reason) : .askFull(decision.reason)
    }

    /// The attempt gave no answer, and nothing went to the client.
    mutating func attemptFailed(_ code: BackendError.Code) -> Action {
        guard state == .askingTuned, code != .cancelled, code != .deadline else {
            state = .ended
            return .fail
        }
        state = .askingFull
        switch code {
        case .firstByteTimeout, .timeout, .connectTimeout: return .askFull(.tunedTimeout)
        case .refused, .overflow: return .askFull(.tunedRefused)
        case .unavailable: return .askFull(.tunedUnavailable)
        case .connect, .dns, .tls, .broken, .protocolViolation, .failed, .cancelled, .deadline:
            return .askFull(.tunedFailed)
        }
    }

    /// The attempt's answer has begun, or is there as a whole.
    mutating func answerBegan() -> Action {
        guard state == .askingTuned || state == .askingFull else { return .fail }
        state = .ended
        return .relay
    }
}
