import COpenBLAS
import Engine

/// Grouped-query attention over a packed sequence, forward and backward, in blocks of query rows.
///
/// Only one block of scores exists at a time; the backward pass recomputes it from the stored log sums
/// (Dao et al., "FlashAttention", 2022, section 3.1, with OpenBLAS products for the blocks).
struct CausalAttention {
    private let shape: AttentionShape
    private var scores: [Float] = []
    private var scoreGradients: [Float] = []
    private var dots: [Float] = []

    init(_ config: ModelConfig) {
        shape = AttentionShape(config)
    }

    /// out[N, heads * headSize] = attention of q over k and v; logSums gets [heads, N]. A token sees the last `window`
    /// positions of its own sequence, nil: all.
    mutating func forward(
        q: [Float], k: [Float], v: [Float], over sequence: PackedSequence, window: Int?, into out: inout [Float],
        logSums: inout [Float]
    ) {
        let rows = sequence.count
        let shape = shape
        prepare(for: sequence)
        for head in 0..<shape.heads {
            for block in AttentionBlock.blocks(of: sequence, window: window) {
                let query = shape.queryOffset(head: head, row: block.rows.lowerBound)
                let keyValue = shape.keyValueOffset(head: head)
                let logStart = head * rows + block.rows.lowerBound
                unsafe withPointers(q, k, v) { q, k, v in
                    unsafe scores.withUnsafeMutableBufferPointer { scores in
                        unsafe out.withUnsafeMutableBufferPointer { out in
                            let scores = scores.baseAddress!
                            unsafe shape.product(
                                q + query, k + keyValue, block, into: scores, queryStride: shape.queryWidth)
                            unsafe logSums.withUnsafeMutableBufferPointer { logSums in
                                unsafe KernelTable.best.causalSoftmax(
                                    scores, logSums: logSums.baseAddress! + logStart, block: block.shape,
                                    scale: shape.scale)
                            }
                            for part in block.parts {
                                unsafe pi_sgemm(
                                    false, false, block.rows.count, shape.headSize, part.count, 1, scores + part.column,
                                    block.width, v + keyValue + part.row * shape.keyValueWidth, shape.keyValueWidth,
                                    part.column == 0 ? 0 : 1, out.baseAddress! + query, shape.queryWidth)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Adds the gradients to dq, dk and dv (zeroed by the caller), from dout [N, heads * headSize].
    mutating func backward(
        dout: [Float], out: [Float], q: [Float], k: [Float], v: [Float], logSums: [Float],
        over sequence: PackedSequence, window: Int?, dq: inout [Float], dk: inout [Float], dv: inout [Float]
    ) {
        let rows = sequence.count
        let shape = shape
        prepare(for: sequence)
        for head in 0..<shape.heads {
            for block in AttentionBlock.blocks(of: sequence, window: window) {
                let query = shape.queryOffset(head: head, row: block.rows.lowerBound)
                let keyValue = shape.keyValueOffset(head: head)
                rowDots(dout, out, head: head, rows: block.rows)
                unsafe withPointers(q, k, v) { q, k, v in
                    unsafe withPointers(dout, logSums, dots) { dout, logSums, dots in
                        unsafe withMutablePointers(&dq, &dk, &dv) { dq, dk, dv in
                            unsafe withMutablePointers(&scores, &scoreGradients) { p, ds in
                                unsafe shape.product(
                                    q + query, k + keyValue, block, into: p, queryStride: shape.queryWidth)
                                unsafe KernelTable.best.causalProbabilities(
                                    p, logSums: logSums + head * rows + block.rows.lowerBound, block: block.shape,
                                    scale: shape.scale)
                                unsafe shape.product(
                                    dout + query, v + keyValue, block, into: ds,
                                    queryStride: shape.queryWidth)
                                unsafe KernelTable.best.softmaxBackward(
                                    ds, probabilities: p, dots: dots, block: block.shape, scale: shape.scale)
                                for part in block.parts {
                                    let place = keyValue + part.row * shape.keyValueWidth
                                    unsafe pi_sgemm(
                                        false, false, block.rows.count, shape.headSize, part.count, 1, ds + part.column,
                                        block.width, k + place, shape.keyValueWidth, 1, dq + query, shape.queryWidth)
                                    unsafe pi_sgemm(
                                        true, false, part.count, shape.headSize, block.rows.count, 1, ds + part.column,
                                        block.width, q + query, shape.queryWidth, 1, dk + place, shape.keyValueWidth)
                                    unsafe pi_sgemm(
                                        true, false, part.count, shape.headSize, block.rows.count, 1, p + part.column,
                                        block.width, dout + query, shape.queryWidth, 1, dv + place, shape.keyValueWidth)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private mutating func prepare(for sequence: PackedSequence) {
        let longest = sequence.segments.map(\.count).max() ?? 0
        let needed = AttentionBlock.maximumRows * (sequence.prefix + longest)
        if scores.count < needed {
            scores = [Float](repeating: 0, count: needed)
            scoreGradients = scores
        }
        if dots.isEmpty { dots = [Float](repeating: 0, count: AttentionBlock.maximumRows) }
    }

    private mutating func rowDots(_ dout: [Float], _ out: [Float], head: Int, rows: Range<Int>) {
        for (index, row) in rows.enumerated() {
            let start = shape.queryOffset(head: head, row: row)
            let range = start..<start + shape.headSize
            dots[index] = KernelTable.best.dot(dout[range], out[range])
        }
    }
}

private func withPointers<Result>(
    _ a: [Float], _ b: [Float], _ c: [Float],
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>) -> Result
) -> Result {
    unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
            unsafe c.withUnsafeBufferPointer { c in
                unsafe body(a.baseAddress!, b.baseAddress!, c.baseAddress!)
            }
        }
    }
}

private func withMutablePointers<Result>(
    _ a: inout [Float], _ b: inout [Float], _ c: inout [Float],
    _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Result
) -> Result {
    unsafe withMutablePointers(&a, &b) { a, b in
        unsafe c.withUnsafeMutableBufferPointer { c in unsafe body(a, b, c.baseAddress!) }
    }
}

private func withMutablePointers<Result>(
    _ a: inout [Float], _ b: inout [Float],
    _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Result
) -> Result {
    unsafe a.withUnsafeMutableBufferPointer { a in
        unsafe b.withUnsafeMutableBufferPointer { b in unsafe body(a.baseAddress!, b.baseAddress!) }
    }
}
