import CKernels

extension KernelTable {
    /// Scores of consecutive query rows: row r may see its first `firstCount + r` columns of `width`.
    public struct CausalBlock: Sendable {
        /// Number of query rows.
        public let rows: Int
        /// Number of columns, also the row stride.
        public let width: Int
        /// Visible columns of the first row.
        public let firstCount: Int
        /// How many of its visible columns, the last ones, a row really sees; nil: all.
        public let window: Int?

        /// Describes a block of scores.
        public init(rows: Int, width: Int, firstCount: Int, window: Int? = nil) {
            self.rows = rows
            self.width = width
            self.firstCount = firstCount
            self.window = window
        }
    }

    /// Sets the scores before each row's window to minus infinity, which the kernels' exponential takes for nothing.
    func hideBeforeWindow(_ scores: UnsafeMutablePointer<Float>, block: CausalBlock) {
        guard let window = block.window else { return }
        for row in 0..<block.rows {
            let hidden = block.firstCount + row - window
            guard hidden > 0 else { continue }
            for column in 0..<min(hidden, block.width) { unsafe scores[row * block.width + column] = -.infinity }
        }
    }

    /// Replaces scores [rows, width] by softmax(scale * scores) over the visible columns, zero elsewhere, and writes
    /// each row's log of the sum of exponentials.
    public func causalSoftmax(
        _ scores: UnsafeMutablePointer<Float>, logSums: UnsafeMutablePointer<Float>, block: CausalBlock, scale: Float
    ) {
        unsafe hideBeforeWindow(scores, block: block)
        unsafe functions.causal_softmax(
            scores, logSums, block.rows, block.width, block.width, block.firstCount, 1, scale)
    }

    /// Recomputes the probabilities of `causalSoftmax` in place from scores and stored log sums.
    public func causalProbabilities(
        _ scores: UnsafeMutablePointer<Float>, logSums: UnsafePointer<Float>, block: CausalBlock, scale: Float
    ) {
        unsafe hideBeforeWindow(scores, block: block)
        unsafe functions.causal_probabilities(
            scores, logSums, block.rows, block.width, block.width, block.firstCount, 1, scale)
    }

    /// In place over gradients [rows, width]: scale * p * (gradient - dot of the row).
    public func softmaxBackward(
        _ gradients: UnsafeMutablePointer<Float>, probabilities: UnsafePointer<Float>, dots: UnsafePointer<Float>,
        block: CausalBlock, scale: Float
    ) {
        unsafe functions.softmax_backward(
            gradients, probabilities, dots, block.rows, block.width, block.width, scale)
    }
}
