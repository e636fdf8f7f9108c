import CKernels

extension DecoderModel {
    /// normed = norm(hidden) for the first `rows` rows.
    func norm(_ weight: [Float], rows: Int, scratch: borrowing DecoderScratch) {
        let width = config.hiddenSize
        let (hidden, normed) = unsafe (scratch.hidden.start, scratch.normed.start)
        forRows(rows, of: width) { row in
            var inverse: Float = 0
            unsafe kernels.functions.rms_norm(
                normed + row * width, &inverse, hidden + row * width, weight, 1, width, config.normEpsilon)
        }
    }

    /// output = input times the matrix, plus the bias; `adds` keeps what is in the output and adds to it.
    func multiply(
        _ matrix: PackedMatrix, _ input: borrowing FloatBuffer, stride: Int, into output: borrowing FloatBuffer,
        rows: Int, bias: [Float]?, adds: Bool, quantized: inout QuantizedRows
    ) {
        unsafe multiply(
            matrix, input.start, stride: stride, into: output.start, rows: rows, adds: adds, quantized: &quantized)
        guard let bias else { return }
        for row in 0..<rows {
            unsafe kernels.functions.add_scaled(output.start + row * matrix.outputs, bias, 1, matrix.outputs)
        }
    }

    private func multiply(
        _ matrix: PackedMatrix, _ input: UnsafePointer<Float>, stride: Int, into output: UnsafeMutablePointer<Float>,
        rows: Int, adds: Bool, quantized: inout QuantizedRows
    ) {
        let operands = unsafe PackedMatrix.Operands(
            rows: rows, input: input, stride: stride, output: output, outputStride: matrix.outputs, adds: adds)
        matrix.multiply(operands, quantized: &quantized, products: products, team: team)
    }

    /// Calls `body` for each row, shared out over the team when the rows are worth it.
    func forRows(_ rows: Int, of width: Int, _ body: (Int) -> Void) {
        let share = max(1, min(rows, 16_384 / max(width, 1)))
        team.run(parts: (rows + share - 1) / share) { part in
            for row in part * share..<min(rows, (part + 1) * share) { body(row) }
        }
    }

    /// Runs the tokens of several sequences in one pass; the caches then hold them.
    ///
    /// - Returns: the logits of the wanted rows in the order of the steps, [rows, vocabulary] or longer.
    func logits(of steps: inout [SequenceStep], scratch: inout DecoderScratch) -> [Float] {
        let rows = step(&steps, scratch: &scratch)
        var logits: [Float] = []
        swap(&logits, &scratch.logits)
        heads(rows: rows, into: &logits, scratch: &scratch)
        scratch.logits = logits
        return logits
    }

    /// The first `rows` rows of the last step after the last norm, [rows, hidden].
    func finalHidden(rows: Int, scratch: borrowing DecoderScratch) -> [Float] {
        norm(packed.finalNorm, rows: rows, scratch: scratch)
        return scratch.normed.values(0..<rows * config.hiddenSize)
    }

    /// The logits of the first `rows` rows of the last step, [rows, vocabulary].
    func heads(rows: Int, into logits: inout [Float], scratch: inout DecoderScratch) {
        norm(packed.finalNorm, rows: rows, scratch: scratch)
        let wanted = rows * config.vocabularySize
        if logits.count < wanted { logits = [Float](repeating: 0, count: wanted) }
        unsafe logits.withUnsafeMutableBufferPointer { logits in
            guard let start = logits.baseAddress else { return }
            unsafe multiply(
                packed.head, scratch.normed.start, stride: config.hiddenSize, into: start, rows: rows, adds: false,
                quantized: &scratch.quantized)
        }
    }
}
