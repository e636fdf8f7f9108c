import Synchronization

/// One request between the caller and the scheduler that runs it.
final class GenerationJob: Sendable {
    /// What is wanted of the prompt.
    enum Work: Sendable {
        /// An answer, told token by token.
        case generate(AsyncThrowingStream<GenerationEvent, any Error>.Continuation)
        /// The mean of its final hidden states.
        case embed(CheckedContinuation<[Float], any Error>)
    }

    let version: AdapterVersion
    let prompt: [Int32]
    let options: GenerationOptions
    /// Tokens to generate at most.
    let allowed: Int
    let arrival = ContinuousClock.now
    private let work: Work
    private let cancelled = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(false)

    init(version: AdapterVersion, prompt: [Int32], options: GenerationOptions, allowed: Int, work: Work) {
        self.version = version
        self.prompt = prompt
        self.options = options
        self.allowed = allowed
        self.work = work
    }

    /// Whether its hidden states are wanted, and no answer.
    var isEmbedding: Bool { if case .embed = work { true } else { false } }

    /// Whether every position's logits or hidden states are wanted, so that nothing can be taken from a cache.
    var needsAllRows: Bool { isEmbedding || options.describesPrompt }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Asks the scheduler to end the job within a step.
    func cancel() {
        cancelled.store(true, ordering: .relaxed)
    }

    /// Calls `action` when the reader has gone, or the job has ended.
    func onEnd(_ action: @escaping @Sendable () -> Void) {
        guard case .generate(let continuation) = work else { return }
        continuation.onTermination = { _ in action() }
    }

    func tell(_ event: GenerationEvent) {
        guard case .generate(let continuation) = work else { return }
        continuation.yield(event)
    }

    func finish(_ reason: FinishReason, _ statistics: GenerationStatistics) {
        guard end() else { return }
        switch work {
        case .generate(let continuation):
            continuation.yield(.finished(reason, statistics))
            continuation.finish()
        case .embed(let continuation): continuation.resume(throwing: CancellationError())
        }
    }

    func finish(embedding: [Float]) {
        guard case .embed(let continuation) = work, end() else { return }
        continuation.resume(returning: embedding)
    }

    func fail(_ error: EngineError) {
        guard end() else { return }
        switch work {
        case .generate(let continuation): continuation.finish(throwing: error)
        case .embed(let continuation): continuation.resume(throwing: error)
        }
    }

    /// True for the first caller only: a job ends once.
    private func end() -> Bool {
        !hasEnded.exchange(true, ordering: .acquiringAndReleasing)
    }
}
