import Engine

/// What the forward pass of one decoder layer keeps for its backward pass; all row-major over N tokens.
struct LayerActivations {
    /// Layer input, [N, hidden].
    var input: [Float] = []
    /// Inverse root mean squares of both norms, [N].
    var attentionInverse: [Float] = []
    var feedForwardInverse: [Float] = []
    /// Normed input of attention, [N, hidden].
    var attentionInput: [Float] = []
    /// Queries and keys before the norm of their heads, and that norm's inverses, [N * heads]; empty without it.
    var rawQ: [Float] = []
    var rawK: [Float] = []
    var qInverse: [Float] = []
    var kInverse: [Float] = []
    /// Rotated queries, rotated keys, values.
    var q: [Float] = []
    var k: [Float] = []
    var v: [Float] = []
    /// [heads, N].
    var logSums: [Float] = []
    /// Attention's output before the output projection, [N, heads * headSize].
    var attention: [Float] = []
    /// Residual stream between attention and feed-forward layer, [N, hidden].
    var middle: [Float] = []
    /// Normed input of the feed-forward layer, [N, hidden].
    var feedForwardInput: [Float] = []
    /// [N, intermediate] each.
    var gate: [Float] = []
    var up: [Float] = []
    var product: [Float] = []
    /// x Aᵀ of each adapted projection, [N, rank], by projection index; empty where there is no adapter.
    var lowRank = [[Float]](repeating: [], count: Projection.allCases.count)

    mutating func prepare(rows: Int, config: ModelConfig) {
        guard input.count < rows * config.hiddenSize else { return }
        func zeros(_ width: Int) -> [Float] { [Float](repeating: 0, count: rows * width) }
        input = zeros(config.hiddenSize)
        attentionInverse = zeros(1)
        feedForwardInverse = zeros(1)
        attentionInput = zeros(config.hiddenSize)
        if config.block.normsHeads {
            rawQ = zeros(config.queryWidth)
            rawK = zeros(config.keyValueWidth)
            qInverse = zeros(config.headCount)
            kInverse = zeros(config.keyValueHeadCount)
        }
        q = zeros(config.queryWidth)
        k = zeros(config.keyValueWidth)
        v = zeros(config.keyValueWidth)
        logSums = zeros(config.headCount)
        attention = zeros(config.queryWidth)
        middle = zeros(config.hiddenSize)
        feedForwardInput = zeros(config.hiddenSize)
        gate = zeros(config.intermediateSize)
        up = zeros(config.intermediateSize)
        product = zeros(config.intermediateSize)
    }
}
