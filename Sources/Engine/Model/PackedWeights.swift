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
        fileprivate(set) var queryKeyValue: PackedMatrix
        fileprivate(set) var output: PackedMatrix
        /// Rows of gate, then up.
        fileprivate(set) var gateUp: PackedMatrix
        fileprivate(set) var down: PackedMatrix
        /// One value for each output, where any of the matrix' projections has a bias.
        let queryKeyValueBias: [Float]?
        let outputBias: [Float]?
        let gateUpBias: [Float]?
        let downBias: [Float]?
    }

    /// Token embeddings, [vocabulary, hidden].
    let embedding: PackedMatrix
    private(set) var layers: [Layer]
    let finalNorm: [Float]
    /// The output head, [vocabulary, hidden]; the embeddings themselves when the model ties them.
    let head: PackedMatrix

    /// The projections that are one matrix, in the order in which they are packed.
    static let fused: [[Projection]] = [[.query, .key, .value], [.output], [.gate, .up], [.down]]

    /// Packs parameters into memory of their own, one matrix after the other, with an adapter added in.
    init(_ source: ParameterSource, merging adapter: LoRAAdapter? = nil, precision: WeightPrecision, team: ThreadTeam) {
        let places = PackedPlaces(source.config, precision: precision)
        let memory = AlignedMemory(count: places.count)
        places.pack({ source.values(in: $0, merging: adapter) }, into: memory, team: team)
        self.init(places, memory: memory, config: source.config) { source.values(in: $0) }
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

    /// These weights with an adapter added in: matrices that it adapts are packed anew, the others are shared.
    func merging(_ adapter: LoRAAdapter, into source: ParameterSource, team: ThreadTeam) -> PackedWeights {
        var merged = self
        let layout = ModelLayout(source.config)
        let adapted = layers.indices.flatMap { layer in
            Self.fused.indices.filter { group in
                Self.fused[group].contains { adapter.pair(layer: layer, $0) != nil }
            }.map { (layer: layer, group: Self.matrices[$0], projections: Self.fused[$0]) }
        }
        let memory = AlignedMemory(count: adapted.reduce(0) { $0 + layers[$1.layer][keyPath: $1.group].alignedBytes })
        var offset = 0
        for (layer, group, projections) in adapted {
            let matrix = layers[layer][keyPath: group].moved(to: memory, at: offset)
            let places = projections.map { layout.layers[layer].range(of: $0) }
            matrix.pack(places.map { source.values(in: $0, merging: adapter) }, team: team)
            merged.layers[layer][keyPath: group] = matrix
            offset += matrix.alignedBytes
        }
        return merged
    }

    /// The matrices of `fused`.
    private static var matrices: [WritableKeyPath<Layer, PackedMatrix>] {
        [\.queryKeyValue, \.output, \.gateUp, \.down]
    }
}
