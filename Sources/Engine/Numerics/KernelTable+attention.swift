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

        /// Describes a block of scores.
        public init(rows: Int, width: Int, firstCount: Int) {
            self.rows = rows
            self.width = width
            self.firstCount = firstCount
        }
    }

    /// Replaces scores [rows, width] by softmax(scale * scores) over the visible columns, zero elsewhere, and writes
    /// each row's log of the sum of exponentials.
    public func causalSoftmax(
        _ scores: UnsafeMutablePointer<Float>, logSums: UnsafeMutablePointer<Float>, block: CausalBlock, scale: Float
    ) {
        unsafe functions.causal_softmax(
            scores, logSums, block.rows, block.width, block.width, block.firstCount, 1, scale)
    }

    /// Recomputes the probabilities of `causalSoftmax` in place from scores and stored log sums.
    public func causalProbabilities(
        _ scores: UnsafeMutablePointer<Float>, logSums: UnsafePointer<Float>, block: CausalBlock, scale: Float
    ) {
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
