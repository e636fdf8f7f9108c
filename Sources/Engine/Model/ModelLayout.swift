/// Where each parameter of a model lies in one flat float32 buffer.
///
/// Weights, gradients and optimizer moments share the layout, so a step over all parameters is one loop.
public struct ModelLayout: Sendable, Equatable {
    /// One parameter tensor: its Hugging Face name, its shape and its place.
    public struct Entry: Sendable, Equatable {
        /// The name in a checkpoint, such as "model.norm.weight".
        public let name: String
        /// Rows and columns, or one dimension for a norm weight.
        public let shape: [Int]
        /// The tensor's elements in the flat buffer.
        public let range: Range<Int>
        /// True for the weight of a norm.
        public var isNorm: Bool { name.hasSuffix("norm.weight") }
    }

    /// The parameters of one decoder layer.
    public struct Layer: Sendable, Equatable {
        /// Weight of the norm before attention, [hidden].
        public let attentionNorm: Range<Int>
        /// Weight of the norm before the feed-forward layer, [hidden].
        public let feedForwardNorm: Range<Int>
        /// Weight of the norm over each query head, [headSize], where the model has one.
        public let queryNorm: Range<Int>?
        /// Weight of the norm over each key head, [headSize], where the model has one.
        public let keyNorm: Range<Int>?
        let projections: [Range<Int>]
        let biases: [Range<Int>?]

        /// The weight matrix of a linear layer, [outputs, inputs].
        public func range(of projection: Projection) -> Range<Int> { projections[projection.offset] }

        /// The bias of a linear layer, [outputs], where it has one.
        public func bias(of projection: Projection) -> Range<Int>? { biases[projection.offset] }
    }

    /// All tensors in buffer order.
    public let entries: [Entry]
    /// Token embeddings, [vocabulary, hidden].
    public let embedding: Range<Int>
    /// The decoder layers.
    public let layers: [Layer]
    /// Weight of the last norm, [hidden].
    public let finalNorm: Range<Int>
    /// The output head, [vocabulary, hidden]; equals `embedding` when the model ties them.
    public let head: Range<Int>
    /// Number of parameters.
    public let count: Int

    /// Lays out the parameters of a model of this shape.
    public init(_ config: ModelConfig) {
        var entries: [Entry] = []
        var next = 0
        func place(_ name: String, _ shape: [Int]) -> Range<Int> {
            let range = next..<next + shape.reduce(1, *)
            entries.append(Entry(name: name, shape: shape, range: range))
            next = range.upperBound
            return range
        }
        let hidden = config.hiddenSize
        embedding = place("model.embed_tokens.weight", [config.vocabularySize, hidden])
        layers = (0..<config.layerCount).map { number in
            let prefix = "model.layers.\(number)."
            let attentionNorm = place(prefix + "input_layernorm.weight", [hidden])
            let feedForwardNorm = place(prefix + "post_attention_layernorm.weight", [hidden])
            let projections = Projection.allCases.map { projection in
                let shape = projection.shape(in: config)
                return place(prefix + projection.rawValue + ".weight", [shape.outputs, shape.inputs])
            }
            let biases = Projection.allCases.map { projection in
                config.block.biased.contains(projection)
                    ? place(prefix + projection.rawValue + ".bias", [projection.shape(in: config).outputs]) : nil
            }
            func headNorm(_ name: String) -> Range<Int>? {
                config.block.normsHeads ? place(prefix + name, [config.headSize]) : nil
            }
            return Layer(
                attentionNorm: attentionNorm, feedForwardNorm: feedForwardNorm,
                queryNorm: headNorm("self_attn.q_norm.weight"), keyNorm: headNorm("self_attn.k_norm.weight"),
                projections: projections, biases: biases)
        }
        finalNorm = place("model.norm.weight", [hidden])
        head = config.tiesEmbeddings ? embedding : place("lm_head.weight", [config.vocabularySize, hidden])
        self.entries = entries
        count = next
    }
}
