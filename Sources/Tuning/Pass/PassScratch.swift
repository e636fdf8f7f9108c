import Engine

/// Gradients of activations, reused by every layer of a backward pass.
struct PassScratch {
    /// [N, hidden].
    var normed: [Float] = []
    /// [N, heads * headSize], [N, keyValueHeads * headSize].
    var attention: [Float] = []
    var dq: [Float] = []
    var dk: [Float] = []
    var dv: [Float] = []
    /// [N, intermediate].
    var product: [Float] = []
    var gate: [Float] = []
    var up: [Float] = []
    /// [N, rank].
    var lowRank: [Float] = []
    /// The loss: rows of the last norm's output and their logits, a chunk at a time.
    var headInput: [Float] = []
    var headGradient: [Float] = []
    var logits: [Float] = []
    var finalNormed: [Float] = []
    var finalInverse: [Float] = []

    mutating func prepare(rows: Int, config: ModelConfig) {
        resize(&normed, rows * config.hiddenSize)
        resize(&attention, rows * config.queryWidth)
        resize(&dq, rows * config.queryWidth)
        resize(&dk, rows * config.keyValueWidth)
        resize(&dv, rows * config.keyValueWidth)
        resize(&product, rows * config.intermediateSize)
        resize(&gate, rows * config.intermediateSize)
        resize(&up, rows * config.intermediateSize)
        resize(&finalNormed, rows * config.hiddenSize)
        resize(&finalInverse, rows)
    }
}

/// Grows an array to at least `count` elements; what it holds afterwards is not defined.
func resize(_ array: inout [Float], _ count: Int) {
    if array.count < count { array = [Float](repeating: 0, count: count) }
}

/// Copies the first `count` elements in place.
func copy(_ source: [Float], into target: inout [Float], count: Int) {
    target.replaceSubrange(0..<count, with: source[0..<count])
}

/// Sets the first `count` elements to zero in place.
func clear(_ array: inout [Float], count: Int) {
    for index in 0..<count { array[index] = 0 }
}
