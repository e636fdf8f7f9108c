/// A model's parameters in the form that the forward pass reads: packed matrices, and its few vectors as floats.
///
/// Matrices over the same input are one: q, k and v; gate and up.
struct PackedWeights: Sendable {
    /// One decoder layer.
    struct Layer: Sendable {
        let attentionNorm: [Float]
        let feedForwardNorm: [Float]
        let queryNorm: [Float]?
        let keyNorm: [Float]?
        /// Rows of q, then k, then v.
        let queryKeyValue: PackedMatrix
        let output: PackedMatrix
        /// Rows of gate, then up.
        let gateUp: PackedMatrix
        let down: PackedMatrix
        /// One value for each output, where any of the matrix' projections has a bias.
        let queryKeyValueBias: [Float]?
        let outputBias: [Float]?
        let gateUpBias: [Float]?
        let downBias: [Float]?
    }

    /// Token embeddings, [vocabulary, hidden].
    let embedding: PackedMatrix
    let layers: [Layer]
    let finalNorm: [Float]
    /// The output head, [vocabulary, hidden]; the embeddings themselves when the model ties them.
    let head: PackedMatrix

    /// The projections that are one matrix, in the order in which they are packed.
    static let fused: [[Projection]] = [[.query, .key, .value], [.output], [.gate, .up], [.down]]

    /// Packs weights into memory of their own.
    init(_ weights: ModelWeights, precision: WeightPrecision, team: ThreadTeam) {
        self.init(weights.config, precision: precision, team: team) { weights.values[$0] }
    }

    /// Packs parameters into memory of their own; `values` gives those at a place of the layout, one place at a time.
    init(
        _ config: ModelConfig, precision: WeightPrecision, team: ThreadTeam,
        values: (Range<Int>) -> ArraySlice<Float>
    ) {
        let places = PackedPlaces(config, precision: precision)
        let memory = AlignedMemory(count: places.count)
        places.pack(values, into: memory, team: team)
        self.init(places, memory: memory, config: config, vectors: values)
    }

    /// The weights that lie packed in a memory; `vectors` gives norms and biases by their places.
    init(
        _ places: PackedPlaces, memory: AlignedMemory, config: ModelConfig, vectors: (Range<Int>) -> ArraySlice<Float>
    ) {
        let layout = ModelLayout(config)
        func vector(_ range: Range<Int>?) -> [Float]? { range.map { Array(vectors($0)) } }
        func bias(_ projections: [Projection], _ layer: ModelLayout.Layer) -> [Float]? {
            guard projections.contains(where: { layer.bias(of: $0) != nil }) else { return nil }
            return projections.flatMap { projection in
                vector(layer.bias(of: projection))
                    ?? [Float](repeating: 0, count: projection.shape(in: config).outputs)
            }
        }
        embedding = places.matrix(places.embedding, in: memory)
        head = places.matrix(places.head, in: memory)
        finalNorm = Array(vectors(layout.finalNorm))
        layers = zip(layout.layers, places.layers).map { layer, matrices in
            Layer(
                attentionNorm: Array(vectors(layer.attentionNorm)),
                feedForwardNorm: Array(vectors(layer.feedForwardNorm)), queryNorm: vector(layer.queryNorm),
                keyNorm: vector(layer.keyNorm), queryKeyValue: places.matrix(matrices[0], in: memory),
                output: places.matrix(matrices[1], in: memory), gateUp: places.matrix(matrices[2], in: memory),
                down: places.matrix(matrices[3], in: memory), queryKeyValueBias: bias(Self.fused[0], layer),
                outputBias: bias(Self.fused[1], layer), gateUpBias: bias(Self.fused[2], layer),
                downBias: bias(Self.fused[3], layer))
        }
    }
}
