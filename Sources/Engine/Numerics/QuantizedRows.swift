import CKernels

/// Rows of activations in the form that the integer products take: signed bytes and a scale for each 32.
@safe struct QuantizedRows: ~Copyable, Sendable {
    private var memory = AlignedMemory(count: 0)
    private var blocks = 0

    /// Quantizes rows [rows, inputs] that lie `stride` apart, on the team.
    mutating func take(
        _ values: UnsafePointer<Float>, stride: Int, rows: Int, inputs: Int, products: ProductTable, team: ThreadTeam
    ) {
        blocks = rows * pi_block_count(inputs)
        if blocks * 40 > memory.count { memory = AlignedMemory(count: blocks * 40) }
        let perRow = pi_block_count(inputs)
        let (quants, scales, sums) = unsafe (quants, scales, sums)
        let share = max(1, min(rows, 16_384 / max(inputs, 1)))
        team.run(parts: (rows + share - 1) / share) { part in
            let first = part * share
            unsafe products.functions.quantize(
                quants + first * perRow * 32, scales + first * perRow, sums + first * perRow,
                values + first * stride, stride, inputs, min(share, rows - first))
        }
    }

    /// [rows, blocks * 32].
    var quants: UnsafeMutablePointer<Int8> { unsafe memory.base.assumingMemoryBound(to: Int8.self) }
    /// [rows, blocks].
    var scales: UnsafeMutablePointer<Float> {
        unsafe (memory.base + blocks * 32).assumingMemoryBound(to: Float.self)
    }
    /// [rows, blocks].
    var sums: UnsafeMutablePointer<Int32> {
        unsafe (memory.base + blocks * 36).assumingMemoryBound(to: Int32.self)
    }
}
