import ChatAPI
import Engine
import Gateway
import Synchronization
import Tokenization

/// A generation as text: tokens decoded, stop strings cut, tokens counted, time limits kept. It has one reader.
final class EngineAnswer: Sendable {
    /// What comes next.
    enum Step: Sendable {
        /// Text that is certainly part of the answer; never empty.
        case text(String)
        /// The end, after all text.
        case end(ChatAPI.FinishReason)
    }

    private struct State {
        var decoder: StreamingDecoder
        var stop: StopStrings
        /// Set when the end is known but text is still to be handed out.
        var end: ChatAPI.FinishReason?
    }

    let counter: TokenCounter
    private let stream: GenerationStream
    /// Keeps the engine running until the answer has ended, even if the configuration lets go of it.
    private let service: EngineService
    private let backend: String
    private let deadline: GenerationDeadline
    private let state: Mutex<State>

    init(
        stream: GenerationStream, service: EngineService, tokenizer: Tokenizer, stop: [[UInt8]], counter: TokenCounter,
        backend: String,
        limits: BackendRequest.Limits
    ) {
        self.stream = stream
        self.service = service
        self.counter = counter
        self.backend = backend
        deadline = GenerationDeadline(stream, limits)
        state = Mutex(State(decoder: StreamingDecoder(tokenizer), stop: StopStrings(stop)))
    }

    deinit {
        stream.cancel()
        deadline.end()
    }

    /// The tokens so far.
    var usage: Usage { Usage(promptTokens: counter.prompt, completionTokens: counter.completion) }

    /// The next piece of text, or the end.
    func next() async throws(BackendError) -> Step {
        if let reason = state.withLock({ $0.end }) { return .end(reason) }
        var events = stream.makeAsyncIterator()
        while true {
            let event: GenerationEvent?
            do {
                event = try await events.next(isolation: #isolation)
            } catch let error as EngineError {
                throw BackendError(error, backend: backend, wasSent: true)
            } catch {
                throw BackendError(.failed, wasSent: true, answer: .internalError, detail: "\(backend): \(error)")
            }
            switch event {
            case .token(let token):
                counter.add()
                deadline.tokenCame()
                if let step = take(token) { return step }
            case .finished(let reason, _):
                return try finish(reason)
            case nil:
                throw cancelled()
            }
        }
    }

    private func take(_ token: Int32) -> Step? {
        state.withLock { state in
            let text = state.stop.append(state.decoder.push(token))
            if state.stop.isStopped {
                stream.cancel()
                deadline.end()
                state.end = .stop
            }
            if !text.isEmpty { return .text(String(decoding: text, as: UTF8.self)) }
            return state.end.map { .end($0) }
        }
    }

    private func finish(_ reason: Engine.FinishReason) throws(BackendError) -> Step {
        deadline.end()
        let end: ChatAPI.FinishReason
        switch reason {
        case .stop: end = .stop
        case .length: end = .length
        case .cancelled: throw cancelled()
        }
        return state.withLock { state in
            var text = state.stop.append(state.decoder.finish())
            state.end = state.stop.isStopped ? .stop : end
            text += state.stop.finish()
            return text.isEmpty ? .end(state.end ?? end) : .text(String(decoding: text, as: UTF8.self))
        }
    }

    private func cancelled() -> BackendError {
        switch deadline.missed {
        case .firstToken:
            BackendError(
                .firstByteTimeout, wasSent: true, answer: .upstreamTimeout("The model did not begin to answer in time.")
            )
        case .whole:
            BackendError(.timeout, wasSent: true, answer: .upstreamTimeout("The model's answer took too long."))
        case nil:
            BackendError(.cancelled, wasSent: true, answer: .overloaded("The answer was given up."))
        }
    }
}
