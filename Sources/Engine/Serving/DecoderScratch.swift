/// The intermediate results of a forward pass, kept between steps so that a generated token allocates nothing.
public struct DecoderScratch: Sendable {
    /// The logits of the last position that was computed, one for each token id.
    public internal(set) var logits: [Float]
    var positions: [Int32] = []
    var hidden: [Float] = []
    var normed: [Float] = []
    var inverseRMS: [Float] = []
    var headInverse: [Float] = []
    var query: [Float] = []
    var attended: [Float] = []
    var gate: [Float] = []
    var up: [Float] = []
    var activation: [Float] = []
    var scores: [Float] = []
    var logSums: [Float] = []
    private var rows = 0

    /// Empty scratch for a model of this shape; it grows to the longest chunk.
    public init(_ config: ModelConfig) {
        logits = [Float](repeating: 0, count: config.vocabularySize)
    }

    mutating func prepare(_ config: ModelConfig, rows needed: Int, scores scoreCount: Int) {
        if scores.count < scoreCount { scores = [Float](repeating: 0, count: max(scoreCount, scores.count * 2)) }
        guard needed > rows else { return }
        rows = needed
        hidden = [Float](repeating: 0, count: rows * config.hiddenSize)
        normed = hidden
        inverseRMS = [Float](repeating: 0, count: rows)
        headInverse = [Float](repeating: 0, count: config.block.normsHeads ? rows * config.headCount : 0)
        query = [Float](repeating: 0, count: rows * config.queryWidth)
        attended = query
        gate = [Float](repeating: 0, count: rows * config.intermediateSize)
        up = gate
        activation = gate
        logSums = [Float](repeating: 0, count: max(rows, config.headCount))
    }

    /// Moves the last of `rows` rows to row 0 of what a layer goes on with.
    mutating func keepLast(of rows: Int, width: Int) {
        guard rows > 1 else { return }
        let last = (rows - 1) * width
        for column in 0..<width {
            hidden[column] = hidden[last + column]
            normed[column] = normed[last + column]
        }
        positions.removeFirst(rows - 1)
    }
}
