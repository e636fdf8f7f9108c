import Engine

/// The linear layers of one decoder layer, forward and backward, with an adapter where there is one.
struct LinearPass {
    let layer: Int
    let rows: Int
    let weights: ModelWeights
    let trainable: Trainable

    /// y = x Wᵀ + scale * (x Aᵀ) Bᵀ; keeps x Aᵀ for the backward pass.
    func forward(_ projection: Projection, _ x: [Float], into y: inout [Float], lowRank: inout [[Float]]) {
        let shape = projection.shape(in: weights.config)
        BLAS.linear(
            x[...], weights.values[range(of: projection)], into: &y, rows: rows, inputs: shape.inputs,
            outputs: shape.outputs)
        guard let (adapter, pair) = adapted(projection) else { return }
        let rank = adapter.config.rank
        resize(&lowRank[projection.offset], rows * rank)
        BLAS.linear(
            x[...], adapter.values[pair.down], into: &lowRank[projection.offset], rows: rows,
            inputs: shape.inputs, outputs: rank)
        BLAS.linear(
            lowRank[projection.offset][...], adapter.values[pair.up], into: &y, rows: rows,
            inputs: rank, outputs: shape.outputs, alpha: adapter.config.scale, beta: 1)
    }

    /// dx = beta * dx + the input gradient, and adds the gradients of the trained parameters.
    func backward(
        _ projection: Projection, dy: [Float], x: [Float], lowRank: [[Float]], into dx: inout [Float], beta: Float,
        gradients: inout [Float], scratch: inout [Float]
    ) {
        let shape = projection.shape(in: weights.config)
        let place = range(of: projection)
        BLAS.linearInputGradient(
            dy[...], weights.values[place], into: &dx, rows: rows, inputs: shape.inputs,
            outputs: shape.outputs, beta: beta)
        if case .allWeights = trainable {
            BLAS.linearWeightGradient(
                dy[...], x[...], into: &gradients, at: place.lowerBound, rows: rows, inputs: shape.inputs,
                outputs: shape.outputs)
        }
        guard let (adapter, pair) = adapted(projection) else { return }
        let rank = adapter.config.rank
        let scale = adapter.config.scale
        resize(&scratch, rows * rank)
        // With t = x Aᵀ: dB += scale dyᵀ t; dt = scale dy B; dA += dtᵀ x; dx += dt A.
        BLAS.linearWeightGradient(
            dy[...], lowRank[projection.offset][...], into: &gradients, at: pair.up.lowerBound, rows: rows,
            inputs: rank, outputs: shape.outputs, alpha: scale)
        BLAS.linearInputGradient(
            dy[...], adapter.values[pair.up], into: &scratch, rows: rows, inputs: rank,
            outputs: shape.outputs, alpha: scale)
        BLAS.linearWeightGradient(
            scratch[...], x[...], into: &gradients, at: pair.down.lowerBound, rows: rows, inputs: shape.inputs,
            outputs: rank)
        BLAS.linearInputGradient(
            scratch[...], adapter.values[pair.down], into: &dx, rows: rows, inputs: shape.inputs,
            outputs: rank, beta: 1)
    }

    private func range(of projection: Projection) -> Range<Int> {
        weights.layout.layers[layer].range(of: projection)
    }

    private func adapted(_ projection: Projection) -> (LoRAAdapter, LoRAAdapter.Pair)? {
        guard case .adapter(let adapter) = trainable, let pair = adapter.pair(layer: layer, projection) else {
            return nil
        }
        return (adapter, pair)
    }
}
