import Foundation
import Synchronization

/// Generates answers on a thread of its own: all requests together, step by step; the rest wait in a bounded queue.
///
/// Several adapters share one base, chosen by name per request. While one adapter is registered it is added into a copy
/// of the weights; as soon as there are more they are computed beside the base, and their rows share its passes. Letting
/// go of the service shuts it down.
public final class EngineService: Sendable {
    private struct Adapters {
        var versions: [String: AdapterVersion] = [:]
        var lastNumber = 0
    }

    /// The base model's shape.
    public let config: ModelConfig
    private let base: DecoderModel
    private let baseVersion: AdapterVersion
    private let adapters: Mutex<Adapters>
    private let queue: GenerationQueue

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

    /// Starts an engine.
    public init(
        base weights: ModelWeights, adapters: [String: LoRAAdapter] = [:], options: EngineOptions
    ) throws(EngineError) {
        try options.check()
        base = try DecoderModel(
            weights: weights,
            options: .init(precision: options.precision, team: ThreadTeam(threads: options.threads)))
        baseVersion = AdapterVersion(base: base)
        config = base.config
        self.adapters = Mutex(Adapters())
        queue = GenerationQueue(limit: options.queueLimit, sequences: options.sequences)
        for (name, adapter) in adapters.sorted(by: { $0.key < $1.key }) { try register(adapter, name: name) }
        let (queue, base) = (queue, base)
        let thread = Thread {
            var scheduler = Scheduler(queue: queue, base: base, options: options)
            scheduler.run()
        }
        thread.name = "engine"
        thread.stackSize = 4 << 20
        thread.start()
    }

    deinit {
        queue.close()
    }

    /// Makes an adapter available under a name; requests that have begun keep the one they started with.
    public func register(_ adapter: LoRAAdapter, name: String) throws(EngineError) {
        guard adapter.model == config else {
            throw .limit("the adapter was made for a model of another shape than this one")
        }
        let (number, isAlone) = adapters.withLock { adapters in
            adapters.lastNumber += 1
            return (adapters.lastNumber, adapters.versions.keys.allSatisfy { $0 == name })
        }
        let version =
            isAlone
            ? try AdapterVersion(adapter, number: number, mergedInto: base)
            : AdapterVersion(adapter, number: number, beside: base)
        let dropped = adapters.withLock { adapters -> [Int] in
            var dropped = [adapters.versions.updateValue(version, forKey: name)?.number].compactMap { $0 }
            guard adapters.versions.count > 1 else { return dropped }
            // No longer alone: what was added in is computed beside the base from now on.
            for (name, version) in adapters.versions where version.beside == nil {
                guard let adapter = version.adapter else { continue }
                adapters.lastNumber += 1
                adapters.versions[name] = AdapterVersion(adapter, number: adapters.lastNumber, beside: base)
                dropped.append(version.number)
            }
            return dropped
        }
        for number in dropped { queue.drop(adapter: number) }
    }

    /// Removes an adapter; requests that have begun keep it until their end.
    public func unregister(name: String) {
        let removed = adapters.withLock { $0.versions.removeValue(forKey: name) }
        if let removed { queue.drop(adapter: removed.number) }
    }

    /// The registered adapters' names, sorted.
    public var adapterNames: [String] {
        adapters.withLock { $0.versions.keys.sorted() }
    }

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
        let queue = queue
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
        guard let adapter else { return baseVersion }
        guard let version = adapters.withLock({ $0.versions[adapter] }) else { throw .unknownAdapter(adapter) }
        return version
    }
}
