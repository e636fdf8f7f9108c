import ChatAPI
import Engine
import Gateway
import Synchronization
import Tokenization

/// A generation as text: tokens decoded, stop strings cut, tokens counted, time limits kept. It has one reader.
final class EngineAnswer: Sendable {
    /// What comes next.
    enum Step: Sendable {
        /// Text that is certainly part of the answer, and the tokens it came from if they were asked for.
        case text(String, [TokenLogprob]?)
        /// A whole call of a tool.
        case call(ToolCall)
        /// The end, after all text.
        case end(ChatAPI.FinishReason)
    }

    private struct State {
        var decoder: StreamingDecoder
        var stop: StopStrings
        /// The prompt as text, if the answer begins with it.
        var echo: [UInt8]?
        /// Tokens whose text has not been handed out.
        var pending: PendingLogprobs?
        /// Set when the end is known but text is still to be handed out.
        var end: ChatAPI.FinishReason?
        /// Finds calls of tools, where there are any.
        var calls: ToolCallParser?
        /// What was found and is still to be handed out.
        var steps: [Step] = []
    }

    /// Whether log probabilities were asked for.
    let tellsLogprobs: Bool
    private let tools: ToolAnswer?
    private let counter: TokenCounter
    private let stream: GenerationStream
    /// Keeps the engine running until the answer has ended, even if the configuration lets go of it.
    private let service: EngineService
    private let backend: String
    private let deadline: GenerationDeadline
    private let state: Mutex<State>

    /// - Parameters:
    ///   - stop: the texts that end the answer, as UTF-8.
    ///   - echo: what comes before the answer; with `logprobs` it waits for the engine's word on the prompt.
    init(
        stream: GenerationStream, service: EngineService, tokenizer: Tokenizer, stop: [[UInt8]], logprobs: Bool,
        echo: [UInt8]?, tools: ToolAnswer?, counter: TokenCounter, backend: String, limits: BackendRequest.Limits
    ) {
        self.tools = tools
        self.stream = stream
        self.service = service
        self.counter = counter
        tellsLogprobs = logprobs
        self.backend = backend
        deadline = GenerationDeadline(stream, limits)
        state = Mutex(
            State(
                decoder: StreamingDecoder(tokenizer, keeping: tools?.tokens ?? []), stop: StopStrings(stop), echo: echo,
                pending: logprobs ? PendingLogprobs(tokenizer) : nil,
                calls: tools.map {
                    ToolCallParser($0.format, schemas: $0.schemas, isInside: $0.isForced, limit: $0.limit)
                })
        )
    }

    deinit {
        stream.cancel()
        deadline.end()
    }

    /// The next piece of text, the next call of a tool, or the end.
    func next() async throws(BackendError) -> Step {
        guard let tools else { return try await nextText() }
        while true {
            if let step = state.withLock({ $0.steps.isEmpty ? nil : $0.steps.removeFirst() }) { return step }
            let step = try await nextText()
            state.withLock { Self.find(step, tools.format, &$0) }
        }
    }

    private static func find(_ step: Step, _ format: ToolCallFormat, _ state: inout State) {
        var events: [ToolCallParser.Event] = []
        switch step {
        case .text(let text, _): events = state.calls?.push(text) ?? []
        case .call: break
        case .end: events = state.calls?.finish() ?? []
        }
        state.steps += events.map { event in
            switch event {
            case .text(let text): .text(text, nil)
            case .call(let name, let arguments): .call(ToolCall(name: name, arguments: arguments, format: format))
            }
        }
        guard case .end(let reason) = step else { return }
        state.steps.append(.end(reason == .stop && (state.calls?.calls ?? 0) > 0 ? .toolCalls : reason))
    }

    private func nextText() async throws(BackendError) -> Step {
        if let step = state.withLock({ $0.pending == nil ? Self.echo(&$0, nil) : nil }) { return step }
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
            case .prompt(let tokens):
                if let step = state.withLock({ Self.echo(&$0, tokens) }) { return step }
            case .begun:
                deadline.tokenCame()
            case .token(let token):
                counter.add()
                deadline.tokenCame()
                if let step = take(token) { return step }
            case .finished(let reason, let statistics):
                counter.noteCached(statistics.cachedTokens)
                return try finish(reason)
            case nil:
                throw cancelled()
            }
        }
    }

    private static func echo(_ state: inout State, _ tokens: [GeneratedToken]?) -> Step? {
        guard let echo = state.echo else { return nil }
        state.echo = nil
        return .text(
            String(decoding: echo, as: UTF8.self), tokens.flatMap { tokens in state.pending?.describe(tokens) })
    }

    private func take(_ token: GeneratedToken) -> Step? {
        state.withLock { state in
            state.pending?.append(token)
            let text = state.stop.append(state.decoder.push(token.id))
            if state.stop.isStopped {
                stream.cancel()
                deadline.end()
                state.end = .stop
            }
            if !text.isEmpty { return .text(String(decoding: text, as: UTF8.self), state.pending?.take(text.count)) }
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
            let rest = state.stop.isStopped ? state.pending?.take(text.count) : state.pending?.takeAll()
            guard !text.isEmpty || rest?.isEmpty == false else { return .end(state.end ?? end) }
            return .text(String(decoding: text, as: UTF8.self), rest)
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
