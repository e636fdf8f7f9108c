import ChatAPI
import Gateway
import Synchronization

/// The choices of a request as server-sent events, one for each piece of text, a piece of each choice in turn.
final class EngineEvents: Sendable {
    private struct State {
        var stream: CompletionStream
        /// The choices that go on, and which of them is read next.
        var open: [Int]
        var turn = 0
    }

    private let answers: EngineAnswers
    private let state: Mutex<State>

    init(_ answers: EngineAnswers, _ stream: CompletionStream) {
        self.answers = answers
        state = Mutex(State(stream: stream, open: Array(answers.choices.indices)))
    }

    /// The next events, nil after `[DONE]`.
    func next() async throws(BackendError) -> [UInt8]? {
        guard let index = state.withLock({ $0.open.isEmpty ? nil : $0.open[$0.turn] }) else { return nil }
        let step = try await answers.choices[index].next()
        return state.withLock { state in
            switch step {
            case .text(let piece, let logprobs):
                state.turn = (state.turn + 1) % state.open.count
                return state.stream.text(piece, choice: index, logprobs: logprobs)
            case .call(let call):
                state.turn = (state.turn + 1) % state.open.count
                return state.stream.toolCall(call, choice: index)
            case .end(let reason):
                state.open.removeAll { $0 == index }
                if state.turn >= state.open.count { state.turn = 0 }
                return state.stream.finish(reason, choice: index, usage: answers.usage)
            }
        }
    }
}
