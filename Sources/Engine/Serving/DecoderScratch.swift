/// The intermediate results of a forward pass, kept between steps so that a generated token allocates nothing.
@safe public struct DecoderScratch: ~Copyable, Sendable {
    /// The logits of the last position that was computed, one for each token id.
    public internal(set) var logits: [Float]
    var hidden = FloatBuffer()
    var normed = FloatBuffer()
    /// Queries, keys and values, or gate and up projections, row by row.
    var fused = FloatBuffer()
    /// Attention's answer, or the activations of the feed-forward layer.
    var mixed = FloatBuffer()
    /// Adapters' narrow rows.
    var inner = FloatBuffer()
    var quantized = QuantizedRows()

    /// Empty scratch for a model of this shape; it grows to the longest chunk.
    public init(_ config: ModelConfig) {
        logits = [Float](repeating: 0, count: config.vocabularySize)
    }

    mutating func prepare(_ config: ModelConfig, rows: Int) {
        hidden.reserve(rows * config.hiddenSize)
        normed.reserve(rows * config.hiddenSize)
        fused.reserve(rows * max(config.queryWidth + 2 * config.keyValueWidth, 2 * config.intermediateSize))
        mixed.reserve(rows * max(config.queryWidth, config.intermediateSize))
    }
}
