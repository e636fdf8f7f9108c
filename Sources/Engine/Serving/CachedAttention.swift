import CKernels
import COpenBLAS

/// Causal attention of new query rows over a cache that already holds their keys and values.
///
/// Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.2.1, with grouped query heads.
struct CachedAttention {
    let heads: Int
    let keyValueHeads: Int
    let headSize: Int

    /// Query heads that share a key/value head.
    var group: Int { heads / keyValueHeads }

    /// Number of scores needed for up to `rows` new positions after `start` earlier ones.
    func scoreCount(rows: Int, start: Int) -> Int {
        max(rows, group) * (start + rows)
    }

    /// out[rows, heads * headSize] = softmax(q kᵀ / sqrt(headSize)) v, row r seeing positions 0...start + r,
    /// or the last `window` of them.
    func attend(
        queries: [Float], keys: [Float], values: [Float], into out: inout [Float], scores: inout [Float],
        logSums: inout [Float], rows: Int, start: Int, window: Int?, kernels: KernelTable
    ) {
        // Positions before every row's window are left out altogether.
        let first = window.map { max(0, start + 1 - $0) } ?? 0
        let width = start + rows - first
        let queryWidth = heads * headSize
        let keyValueWidth = keyValueHeads * headSize
        precondition(queries.count >= rows * queryWidth && out.count >= rows * queryWidth)
        precondition(keys.count >= (first + width) * keyValueWidth && values.count >= (first + width) * keyValueWidth)
        precondition(scores.count >= scoreCount(rows: rows, start: start) && logSums.count >= max(rows, group))
        let scale = 1 / Float(headSize).squareRoot()
        unsafe queries.withUnsafeBufferPointer { queries in
            unsafe keys.withUnsafeBufferPointer { keys in
                unsafe values.withUnsafeBufferPointer { values in
                    unsafe out.withUnsafeMutableBufferPointer { out in
                        // One new position: the query heads of a group are the rows of one product.
                        // Several: the rows of one head are.
                        let single = rows == 1
                        let products = single ? keyValueHeads : heads
                        let productRows = single ? group : rows
                        let stride = single ? headSize : queryWidth
                        for product in 0..<products {
                            let place = product * (single ? group : 1) * headSize
                            let shared = first * keyValueWidth + (single ? product : product / group) * headSize
                            unsafe pi_sgemm(
                                false, true, productRows, width, headSize, 1, queries.baseAddress! + place, stride,
                                keys.baseAddress! + shared, keyValueWidth, 0, &scores, width)
                            if !single {
                                unsafe kernels.hideBeforeWindow(
                                    &scores,
                                    block: .init(
                                        rows: rows, width: width, firstCount: start + 1 - first, window: window))
                            }
                            unsafe kernels.functions.causal_softmax(
                                &scores, &logSums, productRows, width, width, start + 1 - first, single ? 0 : 1, scale)
                            unsafe pi_sgemm(
                                false, false, productRows, headSize, width, 1, scores, width,
                                values.baseAddress! + shared, keyValueWidth, 0, out.baseAddress! + place, stride)
                        }
                    }
                }
            }
        }
    }
}
