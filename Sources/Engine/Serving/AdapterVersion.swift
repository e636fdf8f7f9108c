/// An adapter as it was registered at one time; a request keeps the version that it began with to its end.
final class AdapterVersion: Sendable {
    /// Tells it from every other version of the service; the base has 0.
    let number: Int
    /// The matrices; nil for the base.
    let adapter: LoRAAdapter?
    /// The model that answers: with the adapter added in, or the base, beside which the adapter is computed.
    let model: DecoderModel
    /// What is computed beside the model; nil where the adapter is added in.
    let beside: LoRAAdapter?

    /// The base alone.
    init(base: DecoderModel) {
        number = 0
        adapter = nil
        model = base
        beside = nil
    }

    /// An adapter beside the base, so that its rows share a step with those of others.
    init(_ adapter: LoRAAdapter, number: Int, beside base: DecoderModel) {
        self.number = number
        self.adapter = adapter
        model = base
        beside = adapter
    }

    /// An adapter added in, which costs nothing per token and memory for another model.
    init(_ adapter: LoRAAdapter, number: Int, mergedInto base: DecoderModel) throws(EngineError) {
        self.number = number
        self.adapter = adapter
        model = try base.merging(adapter)
        beside = nil
    }
}
