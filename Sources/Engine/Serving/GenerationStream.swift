/// What a running generation says.
public enum GenerationEvent: Sendable, Equatable {
    /// The prompt's tokens with their log probabilities, before any generated token; only if the options ask for it.
    case prompt([GeneratedToken])
    /// The prompt has been read, and the answer is being searched for with beams; only with them.
    case begun
    /// One generated token.
    case token(GeneratedToken)
    /// The end, always the last event of a generation that did not fail.
    case finished(FinishReason, GenerationStatistics)
}

/// What a generation cost.
public struct GenerationStatistics: Sendable, Equatable {
    /// Tokens of the prompt.
    public var promptTokens = 0
    /// Tokens of the prompt whose keys and values were taken from the prefix cache.
    public var cachedTokens = 0
    /// Tokens generated, without the end token.
    public var generatedTokens = 0
    /// Time from the request until a worker took it.
    public var waiting: Duration = .zero
    /// Time from there to the first token (or the end, when there is none).
    public var prefill: Duration = .zero
    /// Time from the first token to the end.
    public var decode: Duration = .zero
}

/// The tokens of one generation as they come. Letting go of it, or cancelling the task that reads it, ends the
/// generation within one step.
public struct GenerationStream: AsyncSequence, Sendable {
    /// One event.
    public typealias Element = GenerationEvent

    private let events: AsyncThrowingStream<GenerationEvent, any Error>
    private let onCancel: @Sendable () -> Void

    init(events: AsyncThrowingStream<GenerationEvent, any Error>, onCancel: @escaping @Sendable () -> Void) {
        self.events = events
        self.onCancel = onCancel
    }

    /// Reads the events.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var base: AsyncThrowingStream<GenerationEvent, any Error>.AsyncIterator

        /// The next event, or nil after the last.
        public mutating func next() async throws -> GenerationEvent? {
            try await next(isolation: #isolation)
        }

        /// The next event, or nil after the last, read on the caller's actor.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> GenerationEvent? {
            try await base.next(isolation: actor)
        }
    }

    /// Starts reading; a generation has one reader.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: events.makeAsyncIterator())
    }

    /// Ends the generation within one step; the stream then finishes with `.cancelled`.
    public func cancel() {
        onCancel()
    }
}
