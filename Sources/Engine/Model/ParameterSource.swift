/// Where a model's parameters come from: float32 weights in memory, or the mapped files of a checkpoint.
enum ParameterSource: Sendable {
    case weights(ModelWeights)
    case checkpoint(Checkpoint)

    /// The model's shape.
    var config: ModelConfig {
        switch self {
        case .weights(let weights): weights.config
        case .checkpoint(let checkpoint): checkpoint.config
        }
    }

    private var layout: ModelLayout {
        switch self {
        case .weights(let weights): weights.layout
        case .checkpoint(let checkpoint): checkpoint.layout
        }
    }

    /// The float32 values of a parameter, by its place in the layout.
    func values(in range: Range<Int>) -> ArraySlice<Float> {
        switch self {
        case .weights(let weights): weights.values[range]
        case .checkpoint(let checkpoint): checkpoint.values(in: range)[...]
        }
    }

    /// The same with an adapter added in, W + scale * B A, where it adapts this parameter.
    func values(in range: Range<Int>, merging adapter: LoRAAdapter?) -> ArraySlice<Float> {
        guard let adapter, let (layer, projection) = linearLayer(at: range),
            adapter.pair(layer: layer, projection) != nil
        else { return values(in: range) }
        var values = Array(values(in: range))
        adapter.add(to: &values, layer: layer, projection)
        return values[...]
    }

    private func linearLayer(at range: Range<Int>) -> (layer: Int, projection: Projection)? {
        for (number, layer) in layout.layers.enumerated() {
            for projection in Projection.allCases where layer.range(of: projection) == range {
                return (number, projection)
            }
        }
        return nil
    }
}

extension LoRAAdapter {
    /// Adds scale * B A to the layer's weight matrix; nothing where there is no adapter.
    fileprivate func add(to weights: inout [Float], layer: Int, _ projection: Projection) {
        guard let pair = pair(layer: layer, projection) else { return }
        let shape = projection.shape(in: model)
        // W[out, in] += scale * B[out, r] A[r, in]: the input gradient's product with rows = outputs.
        BLAS.linearInputGradient(
            values[pair.up], values[pair.down], into: &weights, rows: shape.outputs, inputs: shape.inputs,
            outputs: pair.rank, alpha: pair.scale, beta: 1)
    }
}
