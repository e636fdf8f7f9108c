extension ModelWeights {
    /// The weights with the adapter added in: W + scale * B A for every adapted layer.
    public func merging(_ adapter: LoRAAdapter) -> ModelWeights {
        precondition(adapter.model == config, "the adapter was made for a model of another shape")
        var merged = self
        for (number, layer) in layout.layers.enumerated() {
            for projection in Projection.allCases {
                adapter.add(
                    to: &merged.values, at: layer.range(of: projection).lowerBound, layer: number, projection)
            }
        }
        return merged
    }
}

extension LoRAAdapter {
    /// Adds scale * B A to the layer's weight matrix, which starts at `offset`; nothing where there is no adapter.
    func add(to weights: inout [Float], at offset: Int, layer: Int, _ projection: Projection) {
        guard let pair = pair(layer: layer, projection) else { return }
        let shape = projection.shape(in: model)
        // W[out, in] += scale * B[out, r] A[r, in]: the input gradient's product with rows = outputs.
        BLAS.linearInputGradient(
            values[pair.up], values[pair.down], into: &weights, at: offset, rows: shape.outputs, inputs: shape.inputs,
            outputs: pair.rank, alpha: pair.scale, beta: 1)
    }
}
