import COpenBLAS
import Engine

/// Query rows of one segment with the keys they may see: the shared prefix and the segment's own start.
struct AttentionBlock {
    static let maximumRows = 64

    let rows: Range<Int>
    /// Keys as (first row, number of rows, first score column).
    let parts: [(row: Int, count: Int, column: Int)]
    /// Keys that the first row may see.
    let firstCount: Int
    /// How many of them, the last ones, a row really sees; nil: all.
    let window: Int?

    var width: Int { parts.reduce(0) { $0 + $1.count } }

    var shape: KernelTable.CausalBlock {
        KernelTable.CausalBlock(rows: rows.count, width: width, firstCount: firstCount, window: window)
    }

    /// The blocks of the prefix, then those of each segment.
    static func blocks(of sequence: PackedSequence, window: Int?) -> [AttentionBlock] {
        let own = split(0..<sequence.prefix, shared: 0, window: window)
        return own + sequence.segments.flatMap { split($0, shared: sequence.prefix, window: window) }
    }

    private static func split(_ segment: Range<Int>, shared: Int, window: Int?) -> [AttentionBlock] {
        stride(from: segment.lowerBound, to: segment.upperBound, by: maximumRows).map { start in
            let end = min(start + maximumRows, segment.upperBound)
            let prefix = shared > 0 ? [(row: 0, count: shared, column: 0)] : []
            return AttentionBlock(
                rows: start..<end,
                parts: prefix + [(row: segment.lowerBound, count: end - segment.lowerBound, column: shared)],
                firstCount: shared + start - segment.lowerBound + 1, window: window)
        }
    }
}

/// Widths and offsets of the attention tensors: queries [N, heads * headSize], keys [N, keyValueHeads * headSize].
struct AttentionShape {
    let heads: Int
    let keyValueHeads: Int
    let headSize: Int

    init(_ config: ModelConfig) {
        heads = config.headCount
        keyValueHeads = config.keyValueHeadCount
        headSize = config.headSize
    }

    var queryWidth: Int { heads * headSize }
    var keyValueWidth: Int { keyValueHeads * headSize }
    var scale: Float { 1 / Float(headSize).squareRoot() }

    func queryOffset(head: Int, row: Int) -> Int {
        row * queryWidth + head * headSize
    }

    func keyValueOffset(head: Int) -> Int {
        head / (heads / keyValueHeads) * headSize
    }

    /// scores[rows, width] = queries · keysᵀ over the block's parts; `keys` points at the head's first column.
    func product(
        _ queries: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, _ block: AttentionBlock,
        into scores: UnsafeMutablePointer<Float>, queryStride: Int
    ) {
        for part in block.parts {
            unsafe pi_sgemm(
                false, true, block.rows.count, part.count, headSize, 1, queries, queryStride,
                keys + part.row * keyValueWidth, keyValueWidth, 0, scores + part.column, block.width)
        }
    }
}
