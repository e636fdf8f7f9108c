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

    /// out[rows, heads * headSize] = softmax(q kᵀ / sqrt(headSize)) v, row r seeing positions 0...start + r.
    func attend(
        queries: [Float], keys: [Float], values: [Float], into out: inout [Float], scores: inout [Float],
        logSums: inout [Float], rows: Int, start: Int, kernels: KernelTable
    ) {
        let width = start + rows
        let queryWidth = heads * headSize
        let keyValueWidth = keyValueHeads * headSize
        precondition(queries.count >= rows * queryWidth && out.count >= rows * queryWidth)
        precondition(keys.count >= width * keyValueWidth && values.count >= width * keyValueWidth)
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
                            let shared = (single ? product : product / group) * headSize
                            unsafe pi_sgemm(
                                false, true, productRows, width, headSize, 1, queries.baseAddress! + place, stride,
                                keys.baseAddress! + shared, keyValueWidth, 0, &scores, width)
                            unsafe kernels.functions.causal_softmax(
                                &scores, &logSums, productRows, width, width, start + 1, single ? 0 : 1, scale)
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
