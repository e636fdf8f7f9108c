/// Generates answers on a thread of its own: all requests together, step by step; the rest wait in a bounded queue.
///
/// Several adapters share one base, chosen by name per request. A single adapter is added into a copy of the weights;
/// several are computed beside the base, and their rows share its passes. The adapters of a service never change: a
/// `successor` has others over the same base, thread and cache, and requests end with the service that they began
/// with. Letting go of a service and all its successors shuts the engine down.
public final class EngineService: Sendable {
    /// The base model's shape.
    public let config: ModelConfig
    private let core: EngineCore
    private let adapters: [String: AdapterVersion]

    /// Starts an engine with default options but these.
    ///
    /// - Parameters:
    ///   - threads: threads that share the work of a step.
    ///   - queueLimit: most requests that wait for their first step.
    public convenience init(
        base: ModelWeights, adapters: [String: LoRAAdapter] = [:], threads: Int = 2, queueLimit: Int = 64
    ) throws(EngineError) {
        var options = EngineOptions()
        options.threads = threads
        options.queueLimit = queueLimit
        try self.init(base: base, adapters: adapters, options: options)
    }

    /// Starts an engine on weights in memory.
    public convenience init(
        base weights: ModelWeights, adapters: [String: LoRAAdapter] = [:], options: EngineOptions
    ) throws(EngineError) {
        let model = try DecoderModel(
            weights: weights,
            options: .init(precision: options.precision, team: ThreadTeam(threads: options.threads)))
        try self.init(model: model, adapters: adapters, options: options)
    }

    /// Starts an engine on a model, which keeps its weights where adapters are to be added in.
    public init(
        model: DecoderModel, adapters: [String: LoRAAdapter] = [:], options: EngineOptions
    ) throws(EngineError) {
        core = try EngineCore(model, options: options)
        config = model.config
        self.adapters = try core.versions(keeping: [:], adding: adapters)
    }

    private init(_ core: EngineCore, _ adapters: [String: AdapterVersion]) {
        self.core = core
        config = core.base.config
        self.adapters = adapters
    }

    /// A service over the same base with the named adapters of this one, and with new ones; a new one takes the place
    /// of a kept one of its name.
    public func successor(
        keeping names: Set<String> = [], adding adapters: [String: LoRAAdapter] = [:]
    ) throws(EngineError) -> EngineService {
        let kept = self.adapters.filter { names.contains($0.key) }
        return EngineService(core, try core.versions(keeping: kept, adding: adapters))
    }

    /// Whether the two compute on the same loaded base.
    public func sharesBase(with other: EngineService) -> Bool { core === other.core }

    private var base: DecoderModel { core.base }
    private var queue: GenerationQueue { core.queue }

    /// The adapters' names, sorted.
    public var adapterNames: [String] { adapters.keys.sorted() }

    /// Whether there is an adapter of this name.
    public func hasAdapter(_ name: String) -> Bool { adapters[name] != nil }

    /// Bytes of the keys and values of `KeyValueBlock.positions` positions.
    public var cacheBlockBytes: Int { KeyValueBlock.Shape(config, isHalf: base.usesHalfCache).bytes }

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
        let version = try version(adapter)
        try base.check(prompt, after: 0)
        let allowed = try base.newTokens(after: prompt.count, options: options)
        let (events, continuation) = AsyncThrowingStream.makeStream(of: GenerationEvent.self)
        let job = GenerationJob(
            version: version, prompt: prompt, options: options, allowed: allowed, work: .generate(continuation))
        try queue.add(job)
        let queue = core.queue
        job.onEnd { [weak job] in
            if let job { queue.cancel(job) }
        }
        return GenerationStream(events: events) { queue.cancel(job) }
    }

    /// The mean of a sequence's final hidden states, after the last norm: [hidden].
    ///
    /// - Throws: as `generate` does, and `CancellationError` when the service is closed meanwhile.
    public func embed(_ tokens: [Int32], adapter: String? = nil) async throws -> [Float] {
        let version = try version(adapter)
        try base.check(tokens, after: 0)
        return try await withCheckedThrowingContinuation { continuation in
            let job = GenerationJob(
                version: version, prompt: tokens, options: GenerationOptions(), allowed: 0, work: .embed(continuation))
            do throws(EngineError) {
                try queue.add(job)
            } catch {
                job.fail(error)
            }
        }
    }

    /// Refuses new requests, fails the waiting ones and cancels the running ones.
    public func close() {
        queue.close()
    }

    private func version(_ adapter: String?) throws(EngineError) -> AdapterVersion {
        guard let adapter else { return core.baseVersion }
        guard let version = adapters[adapter] else { throw .unknownAdapter(adapter) }
        return version
    }
}
