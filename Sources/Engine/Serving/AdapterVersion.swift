/// An adapter as it was registered at one time; a request keeps the version that it began with to its end.
///
/// With the last that holds it go its prefixes in the cache.
final class AdapterVersion: Sendable {
    /// Tells it from every other version of the engine; the base has 0.
    let number: Int
    /// The matrices; nil for the base.
    let adapter: LoRAAdapter?
    /// The model that answers: with the adapter added in, or the base, beside which the adapter is computed.
    let model: DecoderModel
    /// What is computed beside the model; nil where the adapter is added in.
    let beside: LoRAAdapter?
    private let queue: GenerationQueue?

    /// The base alone.
    init(base: DecoderModel) {
        number = 0
        adapter = nil
        model = base
        beside = nil
        queue = nil
    }

    /// An adapter beside the base, so that its rows share a step with those of others.
    init(_ adapter: LoRAAdapter, number: Int, beside base: DecoderModel, queue: GenerationQueue) {
        self.number = number
        self.adapter = adapter
        model = base
        beside = adapter
        self.queue = queue
    }

    /// An adapter added in, which costs nothing per token and memory for another model.
    init(
        _ adapter: LoRAAdapter, number: Int, mergedInto base: DecoderModel, queue: GenerationQueue
    ) throws(EngineError) {
        self.number = number
        self.adapter = adapter
        model = try base.merging(adapter)
        beside = nil
        self.queue = queue
    }

    deinit {
        queue?.drop(adapter: number)
    }
}
