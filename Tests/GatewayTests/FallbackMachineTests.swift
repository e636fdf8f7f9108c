import Experimentation
import Testing

@testable import Gateway

@Suite("Who is asked, and who after that")
struct FallbackMachineTests {
    private static let tuned = Decision(arm: .internalized, reason: .on)
    private static let full = Decision(arm: .fullPrompt, reason: .drift)

    @Test("the tuned model is asked only if the decision says so")
    func first() {
        var tuned = FallbackMachine(Self.tuned)
        #expect(tuned.begin() == .askTuned(.on))
        var full = FallbackMachine(Self.full)
        #expect(full.begin() == .askFull(.drift))
        var passed = FallbackMachine(Decision(arm: .passthrough, reason: .unrecognized))
        #expect(passed.begin() == .askFull(.unrecognized))
    }

    @Test(
        "a tuned attempt without an answer leads to the full prompt, with the reason",
        arguments: BackendError.Code.allCases)
    func fallback(code: BackendError.Code) {
        var machine = FallbackMachine(Self.tuned)
        _ = machine.begin()
        let action = machine.attemptFailed(code)
        switch code {
        case .cancelled, .deadline: #expect(action == .fail)
        case .unavailable: #expect(action == .askFull(.tunedUnavailable))
        case .firstByteTimeout, .timeout, .connectTimeout: #expect(action == .askFull(.tunedTimeout))
        case .refused, .overflow: #expect(action == .askFull(.tunedRefused))
        case .connect, .dns, .tls, .broken, .protocolViolation, .failed: #expect(action == .askFull(.tunedFailed))
        }
    }

    @Test("nobody is asked after the full prompt has failed", arguments: BackendError.Code.allCases)
    func last(code: BackendError.Code) {
        var direct = FallbackMachine(Self.full)
        _ = direct.begin()
        #expect(direct.attemptFailed(code) == .fail)
        var second = FallbackMachine(Self.tuned)
        _ = second.begin()
        _ = second.attemptFailed(.connect)
        #expect(second.attemptFailed(code) == .fail)
    }

    @Test("nobody is asked after an answer has begun", arguments: BackendError.Code.allCases)
    func afterFirstByte(code: BackendError.Code) {
        var machine = FallbackMachine(Self.tuned)
        _ = machine.begin()
        #expect(machine.answerBegan() == .relay)
        #expect(machine.attemptFailed(code) == .fail)
        #expect(machine.begin() == .fail)
        #expect(machine.answerBegan() == .fail)
    }
}
