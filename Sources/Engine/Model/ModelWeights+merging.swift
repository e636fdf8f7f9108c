extension ModelWeights {
    /// The weights with the adapter added in: W + scale * B A for every adapted layer.
    public func merging(_ adapter: LoRAAdapter) -> ModelWeights {
        precondition(adapter.model == config, "the adapter was made for a model of another shape")
        var merged = self
        for (number, layer) in layout.layers.enumerated() {
            for projection in Projection.allCases {
                guard let pair = adapter.pair(layer: number, projection) else { continue }
                let shape = projection.shape(in: config)
                // W[out, in] += scale * B[out, r] A[r, in]: the input gradient's product with rows = outputs.
                BLAS.linearInputGradient(
                    adapter.values[pair.up], adapter.values[pair.down],
                    into: &merged.values, at: layer.range(of: projection).lowerBound, rows: shape.outputs,
                    inputs: shape.inputs, outputs: pair.rank, alpha: pair.scale, beta: 1)
            }
        }
        return merged
    }
}
