import Dispatch
import Foundation
import Synchronization

/// Generates answers on threads of its own: one request per worker, the rest wait in a bounded queue.
///
/// Several adapters share one base; each is kept as a merged copy of its weights, chosen by name per request.
/// Letting go of the service shuts it down.
public final class EngineService: Sendable {
    /// The base model's shape.
    public let config: ModelConfig
    private let base: DecoderModel
    private let adapted: Mutex<[String: DecoderModel]>
    private let queue: GenerationQueue
    private let embeddings = DispatchQueue(label: "engine-embeddings")

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - precision: how the weights of the base and of its merged adapters are held.
    ///   - threads: number of workers; a request that is alone is computed on as many threads.
    ///   - queueLimit: most requests that wait for a worker.
    public init(
        base: ModelWeights, adapters: [String: LoRAAdapter] = [:], precision: WeightPrecision = .float32,
        threads: Int = 2, queueLimit: Int = 64
    ) throws(EngineError) {
        guard threads > 0, queueLimit >= 0 else {
            throw .limit("an engine needs at least one thread and a queue limit of at least 0")
        }
        let base = try DecoderModel(
            weights: base, options: .init(precision: precision, team: ThreadTeam(threads: threads)))
        var models: [String: DecoderModel] = [:]
        for (name, adapter) in adapters { models[name] = try base.merging(adapter) }
        self.base = base
        config = base.config
        adapted = Mutex(models)
        let queue = GenerationQueue(limit: queueLimit, workers: threads)
        self.queue = queue
        let config = config
        for number in 0..<threads {
            let thread = Thread { queue.work(config) }
            thread.name = "engine-\(number)"
            thread.stackSize = 4 << 20
            thread.start()
        }
    }

    deinit {
        queue.close()
    }

    /// Makes an adapter available under a name; requests that already run keep the one they started with.
    public func register(_ adapter: LoRAAdapter, name: String) throws(EngineError) {
        let model = try base.merging(adapter)
        adapted.withLock { $0[name] = model }
    }

    /// Removes an adapter; requests that already run keep it until their end.
    public func unregister(name: String) {
        adapted.withLock { $0[name] = nil }
    }

    /// The registered adapters' names, sorted.
    public var adapterNames: [String] {
        adapted.withLock { $0.keys.sorted() }
    }

    /// Requests that are being computed and that wait.
    public var load: (running: Int, waiting: Int) { queue.load }

    /// Starts generating after the prompt.
    ///
    /// - Parameter adapter: a registered name; nil: the base alone.
    /// - Throws: before any token: `.limit` when prompt and answer do not fit the model or a token is outside the
    ///   vocabulary, `.unknownAdapter`, `.busy` when the queue is full or the service is closed.
    public func generate(
        prompt: [Int32], adapter: String? = nil, options: GenerationOptions = GenerationOptions()
    ) throws(EngineError) -> GenerationStream {
        let model = try model(adapter)
        try model.check(prompt, after: 0)
        _ = try model.newTokens(after: prompt.count, options: options)
        let (events, continuation) = AsyncThrowingStream.makeStream(of: GenerationEvent.self)
        let job = GenerationJob(model: model, prompt: prompt, options: options, continuation: continuation)
        try queue.add(job)
        let queue = queue
        job.onEnd { [weak job] in
            guard let job else { return }
            job.cancel()
            queue.remove(job)
        }
        return GenerationStream(events: events) { job.cancel() }
    }

    /// The mean of a sequence's final hidden states, computed on a thread of its own.
    public func embed(_ tokens: [Int32], adapter: String? = nil) async throws -> [Float] {
        let model = try model(adapter)
        return try await withCheckedThrowingContinuation { continuation in
            embeddings.async {
                continuation.resume(with: Result { try model.embedding(tokens) })
            }
        }
    }

    /// Refuses new requests, fails the waiting ones and cancels the running ones.
    public func close() {
        queue.close()
    }

    private func model(_ adapter: String?) throws(EngineError) -> DecoderModel {
        guard let adapter else { return base }
        guard let model = adapted.withLock({ $0[adapter] }) else { throw .unknownAdapter(adapter) }
        return model
    }
}
