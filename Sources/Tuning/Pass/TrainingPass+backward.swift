import Engine

extension TrainingPass {
    /// From `streamGradient` at the last layer's output down to the embeddings, adding parameter gradients.
    mutating func backward(_ sequence: PackedSequence, weights: ModelWeights, trainable: Trainable) {
        for number in layers.indices.reversed() {
            backwardFeedForward(number, sequence, weights: weights, trainable: trainable)
            backwardAttention(number, sequence, weights: weights, trainable: trainable)
        }
        guard case .allWeights = trainable else { return }
        let hidden = config.hiddenSize
        kernels.scale(&streamGradient, by: config.embeddingScale, count: sequence.count * hidden)
        for (row, token) in sequence.tokens.enumerated() {
            kernels.addScaled(
                streamGradient[row * hidden..<(row + 1) * hidden], into: &gradients,
                at: layout.embedding.lowerBound + Int(token) * hidden)
        }
    }

    private mutating func backwardFeedForward(
        _ number: Int, _ sequence: PackedSequence, weights: ModelWeights, trainable: Trainable
    ) {
        let layer = layers[number]
        let rows = sequence.count
        let linear = LinearPass(
            layer: number, rows: rows, weights: weights, trainable: trainable, dropout: dropout, frozen: frozen)
        linear.backward(
            .down, dy: streamGradient, x: layer.product, lowRank: layer.lowRank, into: &scratch.product, beta: 0,
            gradients: &gradients, scratch: &scratch.lowRank)
        kernels.multiplyBackward(
            config.block.activation, scratch.product, gate: layer.gate, up: layer.up, dgate: &scratch.gate,
            dup: &scratch.up,
            count: rows * config.intermediateSize)
        linear.backward(
            .gate, dy: scratch.gate, x: layer.feedForwardInput, lowRank: layer.lowRank, into: &scratch.normed, beta: 0,
            gradients: &gradients, scratch: &scratch.lowRank)
        linear.backward(
            .up, dy: scratch.up, x: layer.feedForwardInput, lowRank: layer.lowRank, into: &scratch.normed, beta: 1,
            gradients: &gradients, scratch: &scratch.lowRank)
        normBackward(
            x: layer.middle, weight: layout.layers[number].feedForwardNorm, inverse: layer.feedForwardInverse,
            rows: rows, weights: weights, trainable: trainable)
    }

    private mutating func backwardAttention(
        _ number: Int, _ sequence: PackedSequence, weights: ModelWeights, trainable: Trainable
    ) {
        let layer = layers[number]
        let rows = sequence.count
        let linear = LinearPass(
            layer: number, rows: rows, weights: weights, trainable: trainable, dropout: dropout, frozen: frozen)
        linear.backward(
            .output, dy: streamGradient, x: layer.attention, lowRank: layer.lowRank, into: &scratch.attention, beta: 0,
            gradients: &gradients, scratch: &scratch.lowRank)
        clear(&scratch.dq, count: rows * config.queryWidth)
        clear(&scratch.dk, count: rows * config.keyValueWidth)
        clear(&scratch.dv, count: rows * config.keyValueWidth)
        attention.backward(
            dout: scratch.attention, out: layer.attention, q: layer.q, k: layer.k, v: layer.v, logSums: layer.logSums,
            over: sequence, window: config.window(layer: number), dq: &scratch.dq, dk: &scratch.dk, dv: &scratch.dv)
        kernels.rotate(
            &scratch.dq, positions: sequence.positions, table: rotary, heads: config.headCount,
            headSize: config.headSize, backward: true)
        kernels.rotate(
            &scratch.dk, positions: sequence.positions, table: rotary, heads: config.keyValueHeadCount,
            headSize: config.headSize, backward: true)
        headNormsBackward(layer, layout.layers[number], rows: rows, weights: weights, trainable: trainable)
        linear.backward(
            .query, dy: scratch.dq, x: layer.attentionInput, lowRank: layer.lowRank, into: &scratch.normed, beta: 0,
            gradients: &gradients, scratch: &scratch.lowRank)
        linear.backward(
            .key, dy: scratch.dk, x: layer.attentionInput, lowRank: layer.lowRank, into: &scratch.normed, beta: 1,
            gradients: &gradients, scratch: &scratch.lowRank)
        linear.backward(
            .value, dy: scratch.dv, x: layer.attentionInput, lowRank: layer.lowRank, into: &scratch.normed, beta: 1,
            gradients: &gradients, scratch: &scratch.lowRank)
        normBackward(
            x: layer.input, weight: layout.layers[number].attentionNorm, inverse: layer.attentionInverse, rows: rows,
            weights: weights, trainable: trainable)
    }

    /// Turns the gradients of the normed heads in `scratch.dq` and `scratch.dk` into those of q and k.
    private mutating func headNormsBackward(
        _ layer: LayerActivations, _ place: ModelLayout.Layer, rows: Int, weights: ModelWeights, trainable: Trainable
    ) {
        guard let queryNorm = place.queryNorm, let keyNorm = place.keyNorm else { return }
        var all = false
        if case .allWeights = trainable { all = true }
        swap(&scratch.dq, &scratch.attention)
        resize(&scratch.dq, rows * config.queryWidth)
        clear(&scratch.dq, count: rows * config.queryWidth)
        kernels.rmsNormBackward(
            scratch.attention[...], x: layer.rawQ[...], weight: weights.values[queryNorm],
            inverseRMS: layer.qInverse[...], into: &scratch.dq, weightGradients: &gradients,
            at: all ? queryNorm.lowerBound : nil, rows: rows * config.headCount)
        swap(&scratch.dk, &scratch.attention)
        resize(&scratch.dk, rows * config.keyValueWidth)
        clear(&scratch.dk, count: rows * config.keyValueWidth)
        kernels.rmsNormBackward(
            scratch.attention[...], x: layer.rawK[...], weight: weights.values[keyNorm],
            inverseRMS: layer.kInverse[...], into: &scratch.dk, weightGradients: &gradients,
            at: all ? keyNorm.lowerBound : nil, rows: rows * config.keyValueHeadCount)
        resize(&scratch.attention, rows * config.queryWidth)
    }

    /// Adds the gradient of a norm of the residual stream, from `scratch.normed`, to `streamGradient`.
    private mutating func normBackward(
        x: [Float], weight: Range<Int>, inverse: [Float], rows: Int, weights: ModelWeights, trainable: Trainable
    ) {
        var offset: Int?
        if case .allWeights = trainable { offset = weight.lowerBound }
        kernels.rmsNormBackward(
            scratch.normed[...], x: x[...], weight: weights.values[weight], inverseRMS: inverse[...],
            into: &streamGradient, weightGradients: &gradients, at: offset, rows: rows)
    }
}
