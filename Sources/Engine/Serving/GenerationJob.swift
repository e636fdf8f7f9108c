import Synchronization

/// One request between the caller and the worker that runs it.
final class GenerationJob: Sendable {
    let model: DecoderModel
    let prompt: [Int32]
    let options: GenerationOptions
    private let continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    private let arrival = ContinuousClock.now
    private let cancelled = Atomic<Bool>(false)
    private let hasBegun = Atomic<Bool>(false)

    init(
        model: DecoderModel, prompt: [Int32], options: GenerationOptions,
        continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    ) {
        self.model = model
        self.prompt = prompt
        self.options = options
        self.continuation = continuation
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Ends the job within a step; one that no worker has taken yet ends at once.
    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        if begin() {
            continuation.yield(.finished(.cancelled, GenerationStatistics()))
            continuation.finish()
        }
    }

    /// Calls `action` when the reader has gone, or the job has ended.
    func onEnd(_ action: @escaping @Sendable () -> Void) {
        continuation.onTermination = { _ in action() }
    }

    /// True for the first caller only: the worker that runs the job, or who cancels it before.
    private func begin() -> Bool {
        !hasBegun.exchange(true, ordering: .acquiringAndReleasing)
    }

    func fail(_ error: EngineError) {
        continuation.finish(throwing: error)
    }

    /// Generates to the end on the calling thread.
    func run(cache: inout KeyValueCache, scratch: inout DecoderScratch) {
        guard begin() else { return }
        let start = ContinuousClock.now
        var statistics = GenerationStatistics()
        statistics.promptTokens = prompt.count
        statistics.waiting = start - arrival
        var first: ContinuousClock.Instant?
        do throws(EngineError) {
            if options.describesPrompt {
                continuation.yield(.prompt(try model.describe(prompt: prompt, top: options.topLogprobs ?? 0)))
            }
            let reason = try model.describe(
                after: prompt, cache: &cache, scratch: &scratch, options: options, isCancelled: { isCancelled },
                onToken: { token in
                    if first == nil { first = .now }
                    statistics.generatedTokens += 1
                    continuation.yield(.token(token))
                    return !isCancelled
                })
            let end = ContinuousClock.now
            statistics.prefill = (first ?? end) - start
            statistics.decode = end - (first ?? end)
            continuation.yield(.finished(reason, statistics))
            continuation.finish()
        } catch {
            continuation.finish(throwing: error)
        }
    }
}
