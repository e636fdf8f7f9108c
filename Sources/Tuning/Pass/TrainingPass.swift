import Engine

/// The forward and backward pass of a decoder model of any `ModelFamily` over one packed sequence, on one thread.
///
/// A pass owns its scratch memory and its gradients, so that several passes run side by side, one a thread.
struct TrainingPass {
    let config: ModelConfig
    let layout: ModelLayout
    let rotary: RotaryTable
    let kernels = KernelTable.best
    /// Gradients of the trained parameters, in the layout of the weights or of the adapter.
    var gradients: [Float]
    var layers: [LayerActivations]
    var attention: CausalAttention
    var stream: [Float] = []
    var streamGradient: [Float] = []
    var scratch = PassScratch()
    /// After a pass without gradients: the likeliest next token of every row that has a weight, else -1.
    var predictions: [Int32] = []
    /// What the low-rank paths leave out in this pass; nil for nothing.
    var dropout: Dropout?
    /// How many of the likeliest tokens a pass without gradients collects at rows that have a weight; 0: none.
    var topCount = 0
    /// What it collected, by row.
    var tops: [Int: TokenDistribution] = [:]
    /// Whether a pass without gradients collects log p of every token at rows that have a weight.
    var collectsLogProbabilities = false
    /// What it collected, by row.
    var logProbabilities: [Int: [Float]] = [:]

    /// The matrices in bfloat16; nil: the weights' own float32.
    let frozen: FrozenModel?

    init(weights: ModelWeights, trainable: Trainable, rotary: RotaryTable, frozen: FrozenModel? = nil) {
        self.frozen = frozen
        config = weights.config
        layout = weights.layout
        self.rotary = rotary
        gradients = [Float](repeating: 0, count: trainable.count(in: weights))
        layers = [LayerActivations](repeating: LayerActivations(), count: weights.config.layerCount)
        attention = CausalAttention(weights.config)
    }

    /// Sets the gradients to zero.
    mutating func clearGradients() {
        for index in gradients.indices { gradients[index] = 0 }
    }

    /// Adds the gradients of the weighted loss of one sequence; returns sum(weight * loss) in nats.
    mutating func run(_ sequence: PackedSequence, weights: ModelWeights, trainable: Trainable) -> Double {
        precondition(sequence.count <= config.maximumPositions || sequence.prefix > 0 || sequence.segments.count > 1)
        forward(sequence, weights: weights, trainable: trainable)
        let loss = lossAndGradient(sequence, weights: weights, trainable: trainable, wantsGradient: true)
        backward(sequence, weights: weights, trainable: trainable)
        return loss
    }

    /// sum(weight * loss) in nats, without gradients.
    mutating func loss(_ sequence: PackedSequence, weights: ModelWeights, trainable: Trainable) -> Double {
        forward(sequence, weights: weights, trainable: trainable)
        return lossAndGradient(sequence, weights: weights, trainable: trainable, wantsGradient: false)
    }

    private mutating func forward(_ sequence: PackedSequence, weights: ModelWeights, trainable: Trainable) {
        let rows = sequence.count
        let hidden = config.hiddenSize
        resize(&stream, rows * hidden)
        resize(&streamGradient, rows * hidden)
        scratch.prepare(rows: rows, config: config)
        for (row, token) in sequence.tokens.enumerated() {
            let source = layout.embedding.lowerBound + Int(token) * hidden
            stream.replaceSubrange(row * hidden..<(row + 1) * hidden, with: weights.values[source..<source + hidden])
        }
        kernels.scale(&stream, by: config.embeddingScale, count: rows * hidden)
        for number in layers.indices {
            layers[number].prepare(rows: rows, config: config)
            forwardLayer(number, sequence, weights: weights, trainable: trainable)
        }
    }

    private mutating func forwardLayer(
        _ number: Int, _ sequence: PackedSequence, weights: ModelWeights, trainable: Trainable
    ) {
        // Taken out and put back, so that its arrays are changed in place while `self` is read.
        var layer = layers[number]
        layers[number] = LayerActivations()
        let rows = sequence.count
        let place = layout.layers[number]
        let linear = LinearPass(
            layer: number, rows: rows, weights: weights, trainable: trainable, dropout: dropout, frozen: frozen)

        copy(stream, into: &layer.input, count: rows * config.hiddenSize)
        kernels.rmsNorm(
            layer.input[...], weight: weights.values[place.attentionNorm],
            epsilon: config.normEpsilon, into: &layer.attentionInput, inverseRMS: &layer.attentionInverse, rows: rows)
        linear.forward(.query, layer.attentionInput, into: &layer.q, lowRank: &layer.lowRank)
        linear.forward(.key, layer.attentionInput, into: &layer.k, lowRank: &layer.lowRank)
        linear.forward(.value, layer.attentionInput, into: &layer.v, lowRank: &layer.lowRank)
        normHeads(of: &layer, place, rows: rows, weights: weights)
        kernels.rotate(
            &layer.q, positions: sequence.positions, table: rotary, heads: config.headCount,
            headSize: config.headSize)
        kernels.rotate(
            &layer.k, positions: sequence.positions, table: rotary, heads: config.keyValueHeadCount,
            headSize: config.headSize)
        attention.forward(
            q: layer.q, k: layer.k, v: layer.v, over: sequence, window: config.window(layer: number),
            into: &layer.attention, logSums: &layer.logSums)
        linear.forward(.output, layer.attention, into: &layer.middle, lowRank: &layer.lowRank)
        kernels.addScaled(layer.input[..<(rows * config.hiddenSize)], into: &layer.middle)

        kernels.rmsNorm(
            layer.middle[...], weight: weights.values[place.feedForwardNorm],
            epsilon: config.normEpsilon, into: &layer.feedForwardInput, inverseRMS: &layer.feedForwardInverse,
            rows: rows)
        linear.forward(.gate, layer.feedForwardInput, into: &layer.gate, lowRank: &layer.lowRank)
        linear.forward(.up, layer.feedForwardInput, into: &layer.up, lowRank: &layer.lowRank)
        kernels.multiply(
            config.block.activation, gate: layer.gate, up: layer.up, into: &layer.product,
            count: rows * config.intermediateSize)
        linear.forward(.down, layer.product, into: &stream, lowRank: &layer.lowRank)
        kernels.addScaled(layer.middle[..<(rows * config.hiddenSize)], into: &stream)
        layers[number] = layer
    }

    /// Normalizes the heads of q and k where the model does, keeping what they were for the backward pass.
    private func normHeads(
        of layer: inout LayerActivations, _ place: ModelLayout.Layer, rows: Int, weights: ModelWeights
    ) {
        guard let queryNorm = place.queryNorm, let keyNorm = place.keyNorm else { return }
        swap(&layer.q, &layer.rawQ)
        swap(&layer.k, &layer.rawK)
        kernels.rmsNorm(
            layer.rawQ[...], weight: weights.values[queryNorm], epsilon: config.normEpsilon, into: &layer.q,
            inverseRMS: &layer.qInverse, rows: rows * config.headCount)
        kernels.rmsNorm(
            layer.rawK[...], weight: weights.values[keyNorm], epsilon: config.normEpsilon, into: &layer.k,
            inverseRMS: &layer.kInverse, rows: rows * config.keyValueHeadCount)
    }
}
