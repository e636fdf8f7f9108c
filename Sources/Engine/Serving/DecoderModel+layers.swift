extension DecoderModel {
    /// Runs one chunk through all layers; its final hidden rows stay in `scratch.hidden`.
    ///
    /// - Parameter keepingLastOnly: the last layer computes nothing but keys and values for the other rows, and the
    ///   last row's hidden state ends up in row 0: for a prompt, where only the next token's logits are wanted.
    func advance(
        _ tokens: ArraySlice<Int32>, cache: inout KeyValueCache, scratch: inout DecoderScratch, keepingLastOnly: Bool
    ) {
        let rows = tokens.count
        let start = cache.count
        scratch.prepare(config, rows: rows, scores: attention.scoreCount(rows: rows, start: start))
        cache.reserve(start + rows)
        embed(tokens, into: &scratch.hidden)
        scratch.positions.removeAll(keepingCapacity: true)
        for position in start..<start + rows { scratch.positions.append(Int32(position)) }
        for number in 0..<config.layerCount {
            extend(layer: number, rows: rows, start: start, cache: &cache, scratch: &scratch)
            let isLast = keepingLastOnly && number == config.layerCount - 1
            if isLast { scratch.keepLast(of: rows, width: config.hiddenSize) }
            let kept = isLast ? 1 : rows
            attend(layer: number, rows: kept, start: start + rows - kept, cache: cache, scratch: &scratch)
            feedForward(layer: number, rows: kept, scratch: &scratch)
        }
        cache.advance(by: rows)
    }

    private func embed(_ tokens: ArraySlice<Int32>, into hidden: inout [Float]) {
        let width = config.hiddenSize
        let table = weights.values.span
        var target = 0
        for token in tokens {
            let source = weights.layout.embedding.lowerBound + Int(token) * width
            for column in 0..<width { hidden[target + column] = table[source + column] }
            target += width
        }
        kernels.scale(&hidden, by: config.embeddingScale, count: target)
    }

    /// Leaves norm(hidden) in `scratch.normed` and its rotated keys, and values, in the cache.
    private func extend(
        layer number: Int, rows: Int, start: Int, cache: inout KeyValueCache, scratch: inout DecoderScratch
    ) {
        let layer = weights.layout.layers[number]
        let offset = start * config.keyValueWidth
        norm(layer.attentionNorm, rows: rows, scratch: &scratch)
        apply(.key, layer, scratch.normed[...], into: &cache.keys[number], at: offset, rows: rows)
        apply(.value, layer, scratch.normed[...], into: &cache.values[number], at: offset, rows: rows)
        if let weight = layer.keyNorm {
            kernels.rmsNormInPlace(
                &cache.keys[number], at: offset, weight: weights.values[weight], epsilon: config.normEpsilon,
                inverseRMS: &scratch.headInverse, rows: rows * config.keyValueHeadCount)
        }
        kernels.rotate(
            &cache.keys[number], at: offset, positions: scratch.positions, table: rotary,
            heads: config.keyValueHeadCount, headSize: config.headSize)
    }

    /// hidden += o_proj(attention(normed)) for rows whose keys and values are in the cache.
    private func attend(
        layer number: Int, rows: Int, start: Int, cache: KeyValueCache, scratch: inout DecoderScratch
    ) {
        let layer = weights.layout.layers[number]
        apply(.query, layer, scratch.normed[...], into: &scratch.query, rows: rows)
        if let weight = layer.queryNorm {
            kernels.rmsNormInPlace(
                &scratch.query, weight: weights.values[weight], epsilon: config.normEpsilon,
                inverseRMS: &scratch.headInverse, rows: rows * config.headCount)
        }
        kernels.rotate(
            &scratch.query, positions: scratch.positions, table: rotary, heads: config.headCount,
            headSize: config.headSize)
        attention.attend(
            queries: scratch.query, keys: cache.keys[number], values: cache.values[number], into: &scratch.attended,
            scores: &scratch.scores, logSums: &scratch.logSums, rows: rows, start: start,
            window: config.window(layer: number), kernels: kernels)
        apply(.output, layer, scratch.attended[...], into: &scratch.hidden, rows: rows, adding: true)
    }

    /// hidden += down_proj(activation(gate_proj(x)) * up_proj(x)), x = norm(hidden).
    private func feedForward(layer number: Int, rows: Int, scratch: inout DecoderScratch) {
        let layer = weights.layout.layers[number]
        norm(layer.feedForwardNorm, rows: rows, scratch: &scratch)
        apply(.gate, layer, scratch.normed[...], into: &scratch.gate, rows: rows)
        apply(.up, layer, scratch.normed[...], into: &scratch.up, rows: rows)
        kernels.multiply(
            config.block.activation, gate: scratch.gate, up: scratch.up, into: &scratch.activation,
            count: rows * config.intermediateSize)
        apply(.down, layer, scratch.activation[...], into: &scratch.hidden, rows: rows, adding: true)
    }

    /// The logits of one row of the last chunk, into `scratch.logits`.
    func head(row: Int, scratch: inout DecoderScratch) {
        let width = config.hiddenSize
        kernels.rmsNorm(
            scratch.hidden[row * width..<(row + 1) * width],
            weight: weights.values[weights.layout.finalNorm], epsilon: config.normEpsilon,
            into: &scratch.normed, inverseRMS: &scratch.inverseRMS, rows: 1)
        BLAS.linear(
            scratch.normed[...], weights.values[weights.layout.head], into: &scratch.logits, rows: 1,
            inputs: width, outputs: config.vocabularySize)
    }

    /// The logits of the first `rows` rows of the last chunk, [rows, vocabulary].
    func heads(rows: Int, scratch: inout DecoderScratch) -> [Float] {
        norm(weights.layout.finalNorm, rows: rows, scratch: &scratch)
        var logits = [Float](repeating: 0, count: rows * config.vocabularySize)
        BLAS.linear(
            scratch.normed[...], weights.values[weights.layout.head], into: &logits, rows: rows,
            inputs: config.hiddenSize, outputs: config.vocabularySize)
        return logits
    }

    private func norm(_ weight: Range<Int>, rows: Int, scratch: inout DecoderScratch) {
        kernels.rmsNorm(
            scratch.hidden[...], weight: weights.values[weight], epsilon: config.normEpsilon,
            into: &scratch.normed, inverseRMS: &scratch.inverseRMS, rows: rows)
    }

    private func apply(
        _ projection: Projection, _ layer: ModelLayout.Layer, _ input: ArraySlice<Float>, into output: inout [Float],
        at offset: Int = 0, rows: Int, adding: Bool = false
    ) {
        let shape = projection.shape(in: config)
        BLAS.linear(
            input, weights.values[layer.range(of: projection)], into: &output, at: offset, rows: rows,
            inputs: shape.inputs, outputs: shape.outputs, beta: adding ? 1 : 0)
        if let bias = layer.bias(of: projection) {
            kernels.addBias(weights.values[bias], into: &output, at: offset, rows: rows)
        }
    }
}
