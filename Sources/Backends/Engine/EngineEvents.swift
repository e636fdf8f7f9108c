import ChatAPI
import Gateway
import Synchronization

/// A generation as server-sent events, one for each piece of text.
final class EngineEvents: Sendable {
    private let answer: EngineAnswer
    private let stream: Mutex<CompletionStream>
    private let isOver = Mutex(false)

    init(_ answer: EngineAnswer, _ stream: CompletionStream) {
        self.answer = answer
        self.stream = Mutex(stream)
    }

    /// The next events, nil after `[DONE]`.
    func next() async throws(BackendError) -> [UInt8]? {
        if isOver.withLock({ $0 }) { return nil }
        switch try await answer.next() {
        case .text(let piece):
            return stream.withLock { $0.text(piece) }
        case .end(let reason):
            isOver.withLock { $0 = true }
            return stream.withLock { $0.finish(reason, usage: answer.usage) }
        }
    }
}
