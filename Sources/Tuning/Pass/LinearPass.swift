import Engine

/// The linear layers of one decoder layer, forward and backward, with an adapter where there is one.
struct LinearPass {
    let layer: Int
    let rows: Int
    let weights: ModelWeights
    let trainable: Trainable
    /// What the low-rank path leaves out; nil for nothing.
    var dropout: Dropout?
    /// The matrices in bfloat16; nil: the weights' own float32.
    var frozen: FrozenModel?

    /// y = x Wᵀ + bias + scale * (x Aᵀ) Bᵀ; keeps x Aᵀ for the backward pass.
    func forward(_ projection: Projection, _ x: [Float], into y: inout [Float], lowRank: inout [[Float]]) {
        let shape = projection.shape(in: weights.config)
        if let frozen {
            frozen[layer, projection].multiply(x, rows: rows, into: &y)
        } else {
            BLAS.linear(
                x[...], weights.values[place.range(of: projection)], into: &y, rows: rows, inputs: shape.inputs,
                outputs: shape.outputs)
        }
        if let bias = place.bias(of: projection) {
            KernelTable.best.addBias(weights.values[bias], into: &y, rows: rows)
        }
        guard let (adapter, pair) = adapted(projection) else { return }
        let rank = pair.rank
        resize(&lowRank[projection.offset], rows * rank)
        let x = seen(x, projection, width: shape.inputs)
        BLAS.linear(
            x[...], adapter.values[pair.down], into: &lowRank[projection.offset], rows: rows,
            inputs: shape.inputs, outputs: rank)
        BLAS.linear(
            lowRank[projection.offset][...], adapter.values[pair.up], into: &y, rows: rows,
            inputs: rank, outputs: shape.outputs, alpha: pair.scale, beta: 1)
    }

    /// dx = beta * dx + the input gradient, beta being 0 or 1, and adds the gradients of the trained parameters.
    func backward(
        _ projection: Projection, dy: [Float], x: [Float], lowRank: [[Float]], into dx: inout [Float], beta: Float,
        gradients: inout [Float], scratch: inout [Float]
    ) {
        let shape = projection.shape(in: weights.config)
        let weight = place.range(of: projection)
        if let frozen {
            frozen[layer, projection].inputGradient(dy, rows: rows, into: &dx, adding: beta != 0)
        } else {
            BLAS.linearInputGradient(
                dy[...], weights.values[weight], into: &dx, rows: rows, inputs: shape.inputs,
                outputs: shape.outputs, beta: beta)
        }
        if case .allWeights = trainable {
            BLAS.linearWeightGradient(
                dy[...], x[...], into: &gradients, at: weight.lowerBound, rows: rows, inputs: shape.inputs,
                outputs: shape.outputs)
            if let bias = place.bias(of: projection) {
                KernelTable.best.addBiasGradient(dy, into: &gradients, range: bias, rows: rows)
            }
        }
        guard let (adapter, pair) = adapted(projection) else { return }
        let rank = pair.rank
        let scale = pair.scale
        resize(&scratch, rows * rank)
        // With t = x Aᵀ: dB += scale dyᵀ t; dt = scale dy B; dA += dtᵀ x; dx += dt A.
        BLAS.linearWeightGradient(
            dy[...], lowRank[projection.offset][...], into: &gradients, at: pair.up.lowerBound, rows: rows,
            inputs: rank, outputs: shape.outputs, alpha: scale)
        BLAS.linearInputGradient(
            dy[...], adapter.values[pair.up], into: &scratch, rows: rows, inputs: rank,
            outputs: shape.outputs, alpha: scale)
        let x = seen(x, projection, width: shape.inputs)
        BLAS.linearWeightGradient(
            scratch[...], x[...], into: &gradients, at: pair.down.lowerBound, rows: rows, inputs: shape.inputs,
            outputs: rank)
        guard let dropout else {
            BLAS.linearInputGradient(
                scratch[...], adapter.values[pair.down], into: &dx, rows: rows, inputs: shape.inputs,
                outputs: rank, beta: 1)
            return
        }
        var back = [Float](repeating: 0, count: rows * shape.inputs)
        BLAS.linearInputGradient(
            scratch[...], adapter.values[pair.down], into: &back, rows: rows, inputs: shape.inputs, outputs: rank)
        dropout.addMasked(back, count: back.count, place: number(projection), into: &dx)
    }

    /// What the low-rank path sees of its input.
    private func seen(_ x: [Float], _ projection: Projection, width: Int) -> [Float] {
        dropout?.masked(x, count: rows * width, place: number(projection)) ?? x
    }

    private func number(_ projection: Projection) -> Int {
        layer * Projection.allCases.count + projection.offset
    }

    private var place: ModelLayout.Layer { weights.layout.layers[layer] }

    private func adapted(_ projection: Projection) -> (LoRAAdapter, LoRAAdapter.Pair)? {
        guard case .adapter(let adapter) = trainable, let pair = adapter.pair(layer: layer, projection) else {
            return nil
        }
        return (adapter, pair)
    }
}
