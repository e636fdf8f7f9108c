import CKernels

extension PackedMatrix {
    /// Where a product finds its rows and puts its answer.
    @safe struct Operands {
        /// Rows [rows, inputs], `stride` apart.
        let rows: Int
        let input: UnsafePointer<Float>
        let stride: Int
        /// Answer [rows, outputs], `outputStride` apart.
        let output: UnsafeMutablePointer<Float>
        let outputStride: Int
        /// True adds to what is there.
        var adds = false
    }

    /// y[r, o] = (adds ? y[r, o] : 0) + sum_i x[r, i] w[o, i], shared out over the team by panels and blocks of rows.
    func multiply(
        _ operands: Operands, quantized: inout QuantizedRows, products: ProductTable, team: ThreadTeam
    ) {
        let rows = operands.rows
        guard rows > 0 else { return }
        if precision.quantizesRows {
            unsafe quantized.take(
                operands.input, stride: operands.stride, rows: rows, inputs: inputs, products: products, team: team)
        }
        let plan = Plan(self, rows: rows, threads: team.threads, step: products.rowStep)
        let perRow = pi_block_count(inputs)
        let multiply = unsafe function(products)
        let (quants, scales, sums) = unsafe (quantized.quants, quantized.scales, quantized.sums)
        team.run(parts: plan.parts) { part in
            let rowRange = plan.rows(part), panels = plan.panels(part)
            var x = unsafe pi_rows(
                values: operands.input + rowRange.lowerBound * operands.stride, stride: operands.stride,
                quants: quants + rowRange.lowerBound * perRow * 32, scales: scales + rowRange.lowerBound * perRow,
                sums: sums + rowRange.lowerBound * perRow, inputs: inputs, count: rowRange.count)
            let first = panels.lowerBound * 16
            unsafe multiply(
                operands.output + rowRange.lowerBound * operands.outputStride + first, operands.outputStride,
                memory.base + offset + panels.lowerBound * plan.panelBytes,
                min(outputs, panels.upperBound * 16) - first,
                &x, operands.adds)
        }
    }

    private typealias Function =
        @convention(c) (
            UnsafeMutablePointer<Float>?, Int, UnsafeRawPointer?, Int, UnsafePointer<pi_rows>?, Bool
        ) -> Void

    private func function(_ products: ProductTable) -> Function {
        let (f32, bf16, int8, int4) = unsafe products.functions.multiply
        return switch precision {
        case .float32: unsafe f32!
        case .bfloat16: unsafe bf16!
        case .int8: unsafe int8!
        case .int4: unsafe int4!
        }
    }

    /// How a product is cut: blocks of rows that fit the second-level cache, each with runs of panels.
    private struct Plan {
        let panelBytes: Int
        private let rowCount: Int
        private let rowShare: Int
        private let panelCount: Int
        private let panelShare: Int
        private let runs: Int

        init(_ matrix: PackedMatrix, rows: Int, threads: Int, step: Int) {
            panelBytes = matrix.precision.panelBytes(inputs: matrix.inputs)
            rowCount = rows
            let rowBytes = matrix.inputs * (matrix.precision.quantizesRows ? 1 : 4)
            rowShare = min(rows, max(step, 160 << 10 / max(rowBytes, 1) / step * step))
            panelCount = (matrix.outputs + 15) / 16
            // Enough runs that a thread which starts late leaves little undone, each worth some microseconds.
            let perThread = min(4, max(1, panelCount * panelBytes * min(rowShare, 8) / (threads * 96 << 10)))
            panelShare = (panelCount + threads * perThread - 1) / (threads * perThread)
            runs = (panelCount + panelShare - 1) / panelShare
        }

        var parts: Int { runs * ((rowCount + rowShare - 1) / rowShare) }

        func rows(_ part: Int) -> Range<Int> {
            let first = part / runs * rowShare
            return first..<min(rowCount, first + rowShare)
        }

        func panels(_ part: Int) -> Range<Int> {
            let first = part % runs * panelShare
            return first..<min(panelCount, first + panelShare)
        }
    }
}
