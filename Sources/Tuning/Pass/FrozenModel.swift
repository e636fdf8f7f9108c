import Engine

/// A model's matrices while an adapter is trained on it, in bfloat16.
struct FrozenModel: Sendable {
    let head: FrozenLinear
    private let layers: [[FrozenLinear]]

    /// Packs the linear layers and the head; the weights themselves stay for norms and embeddings.
    init(_ weights: ModelWeights) {
        let config = weights.config
        head = FrozenLinear(weights.values[weights.layout.head], inputs: config.hiddenSize)
        layers = weights.layout.layers.map { place in
            Projection.allCases.sorted { $0.offset < $1.offset }.map { projection in
                FrozenLinear(
                    weights.values[place.range(of: projection)], inputs: projection.shape(in: config).inputs)
            }
        }
    }

    subscript(layer: Int, projection: Projection) -> FrozenLinear { layers[layer][projection.offset] }
}
