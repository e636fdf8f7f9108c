/// The weights [outputs, inputs] of a linear layer that training leaves as they are, packed in bfloat16 for products in
/// both directions.
///
/// Where the processor has AMX the rows are rounded to bfloat16 too, and products take a fraction of float32's time;
/// elsewhere float32 through ``BLAS`` is faster. Sums are float32.
public struct FrozenLinear: Sendable {
    private let weights: PackedMatrix
    private let transposed: PackedMatrix

    /// Packs row-major weights.
    public init(_ weights: ArraySlice<Float>, inputs: Int) {
        let outputs = weights.count / inputs
        self.weights = PackedMatrix([weights], inputs: inputs, precision: .bfloat16)
        var columns = [Float](repeating: 0, count: weights.count)
        for output in 0..<outputs {
            let row = weights.startIndex + output * inputs
            for input in 0..<inputs { columns[input * outputs + output] = weights[row + input] }
        }
        transposed = PackedMatrix([columns[...]], inputs: outputs, precision: .bfloat16)
    }

    /// y[rows, outputs] = x[rows, inputs] wᵀ.
    public func multiply(_ x: [Float], rows: Int, into y: inout [Float]) {
        Self.multiply(weights, x, rows: rows, into: &y, adding: false)
    }

    /// dx[rows, inputs] = (adding ? dx : 0) + dy[rows, outputs] w: the input gradient of `multiply`.
    public func inputGradient(_ dy: [Float], rows: Int, into dx: inout [Float], adding: Bool) {
        Self.multiply(transposed, dy, rows: rows, into: &dx, adding: adding)
    }

    private static func multiply(
        _ matrix: PackedMatrix, _ x: [Float], rows: Int, into y: inout [Float], adding: Bool
    ) {
        precondition(
            x.count >= rows * matrix.inputs && y.count >= rows * matrix.outputs, "multiply: a matrix is too small")
        var unused = QuantizedRows()
        unsafe x.withUnsafeBufferPointer { x in
            unsafe y.withUnsafeMutableBufferPointer { y in
                let operands = unsafe PackedMatrix.Operands(
                    rows: rows, input: x.baseAddress!, stride: matrix.inputs, output: y.baseAddress!,
                    outputStride: matrix.outputs, adds: adding)
                matrix.multiply(operands, quantized: &unused, products: .best, team: .single)
            }
        }
    }
}
