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
        let linear = LinearPass(layer: number, rows: rows, weights: weights, trainable: trainable)
        linear.backward(
            .down, dy: streamGradient, x: layer.product, lowRank: layer.lowRank, into: &scratch.product, beta: 0,
            gradients: &gradients, scratch: &scratch.lowRank)
        kernels.siluMultiplyBackward(
            scratch.product, gate: layer.gate, up: layer.up, dgate: &scratch.gate, dup: &scratch.up,
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
        let linear = LinearPass(layer: number, rows: rows, weights: weights, trainable: trainable)
        linear.backward(
            .output, dy: streamGradient, x: layer.attention, lowRank: layer.lowRank, into: &scratch.attention, beta: 0,
            gradients: &gradients, scratch: &scratch.lowRank)
        clear(&scratch.dq, count: rows * config.queryWidth)
        clear(&scratch.dk, count: rows * config.keyValueWidth)
        clear(&scratch.dv, count: rows * config.keyValueWidth)
        attention.backward(
            dout: scratch.attention, out: layer.attention, q: layer.q, k: layer.k, v: layer.v, logSums: layer.logSums,
            over: sequence, dq: &scratch.dq, dk: &scratch.dk, dv: &scratch.dv)
        kernels.rotate(
            &scratch.dq, positions: sequence.positions, table: rotary, heads: config.headCount,
            headSize: config.headSize, backward: true)
        kernels.rotate(
            &scratch.dk, positions: sequence.positions, table: rotary, heads: config.keyValueHeadCount,
            headSize: config.headSize, backward: true)
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
