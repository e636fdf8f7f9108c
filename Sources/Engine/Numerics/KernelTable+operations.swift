import CKernels
import Foundation

extension KernelTable {
    /// out = x * inverse_rms * weight, row by row of width weight.count; inverse_rms gets one value a row.
    public func rmsNorm(
        _ x: ArraySlice<Float>, weight: ArraySlice<Float>, epsilon: Float, into out: inout [Float],
        inverseRMS: inout [Float],
        rows: Int
    ) {
        let width = weight.count
        precondition(x.count >= rows * width && out.count >= rows * width && inverseRMS.count >= rows)
        unsafe x.withUnsafeBufferPointer { x in
            unsafe weight.withUnsafeBufferPointer { weight in
                unsafe functions.rms_norm(
                    &out, &inverseRMS, x.baseAddress!, weight.baseAddress!, rows, width, epsilon)
            }
        }
    }

    /// `rmsNorm` in place over `rows` rows from `offset` on, each of width weight.count: the norm of every head.
    public func rmsNormInPlace(
        _ x: inout [Float], at offset: Int = 0, weight: ArraySlice<Float>, epsilon: Float, inverseRMS: inout [Float],
        rows: Int
    ) {
        let width = weight.count
        precondition(offset >= 0 && x.count >= offset + rows * width && inverseRMS.count >= rows)
        unsafe x.withUnsafeMutableBufferPointer { x in
            unsafe weight.withUnsafeBufferPointer { weight in
                guard rows > 0 else { return }
                let start = unsafe x.baseAddress! + offset
                unsafe functions.rms_norm(start, &inverseRMS, start, weight.baseAddress!, rows, width, epsilon)
            }
        }
    }

    /// Adds the input gradient of `rmsNorm` to dx and, when wanted, the weight gradient to dweight at an offset.
    public func rmsNormBackward(
        _ dout: ArraySlice<Float>, x: ArraySlice<Float>, weight: ArraySlice<Float>, inverseRMS: ArraySlice<Float>,
        into dx: inout [Float],
        weightGradients: inout [Float], at offset: Int?, rows: Int
    ) {
        let width = weight.count
        precondition(dout.count >= rows * width && x.count >= rows * width && dx.count >= rows * width)
        precondition(inverseRMS.count >= rows && weightGradients.count >= (offset.map { $0 + width } ?? 0))
        unsafe dout.withUnsafeBufferPointer { dout in
            unsafe x.withUnsafeBufferPointer { x in
                unsafe weight.withUnsafeBufferPointer { weight in
                    unsafe inverseRMS.withUnsafeBufferPointer { inverse in
                        unsafe weightGradients.withUnsafeMutableBufferPointer { gradients in
                            let target = unsafe offset.map { unsafe gradients.baseAddress! + $0 }
                            unsafe functions.rms_norm_backward(
                                &dx, target, dout.baseAddress!, x.baseAddress!, weight.baseAddress!,
                                inverse.baseAddress!, rows, width)
                        }
                    }
                }
            }
        }
    }

    /// Rotates every head of every row in place by its position; `backward` rotates back.
    public func rotate(
        _ x: inout [Float], at offset: Int = 0, positions: [Int32], table: RotaryTable, heads: Int, headSize: Int,
        backward: Bool = false
    ) {
        let rows = positions.count
        let rowStride = heads * headSize
        precondition(x.count >= offset + rows * rowStride)
        for row in 0..<rows {
            precondition(Int(positions[row]) * headSize / 2 < table.cosines.count, "a position beyond the model's")
        }
        unsafe positions.withUnsafeBufferPointer { positions in
            unsafe x.withUnsafeMutableBufferPointer { x in
                unsafe table.cosines.withUnsafeBufferPointer { cosines in
                    unsafe table.sines.withUnsafeBufferPointer { sines in
                        guard rows > 0 else { return }
                        unsafe functions.rotate(
                            x.baseAddress! + offset, positions.baseAddress!, cosines.baseAddress!,
                            sines.baseAddress!, rows, heads, headSize, rowStride, backward ? -1 : 1)
                    }
                }
            }
        }
    }

    /// out = activation(gate) * up, element by element.
    public func multiply(
        _ activation: DecoderBlock.Activation, gate: [Float], up: [Float], into out: inout [Float], count: Int
    ) {
        precondition(gate.count >= count && up.count >= count && out.count >= count)
        switch activation {
        case .silu: unsafe functions.silu_multiply(&out, gate, up, count)
        case .geluTanh: unsafe functions.gelu_multiply(&out, gate, up, count)
        }
    }

    /// Gradients of `multiply`, overwriting dgate and dup.
    public func multiplyBackward(
        _ activation: DecoderBlock.Activation, _ dout: [Float], gate: [Float], up: [Float], dgate: inout [Float],
        dup: inout [Float], count: Int
    ) {
        precondition(dout.count >= count && gate.count >= count && up.count >= count)
        precondition(dgate.count >= count && dup.count >= count)
        switch activation {
        case .silu: unsafe functions.silu_multiply_backward(&dgate, &dup, dout, gate, up, count)
        case .geluTanh: unsafe functions.gelu_multiply_backward(&dgate, &dup, dout, gate, up, count)
        }
    }

    /// Replaces logits [rows, classes] by the gradient of sum(weight * loss) and writes each row's loss in nats.
    public func crossEntropy(
        _ logits: inout [Float], losses: inout [Float], targets: [Int32], weights: [Float], rows: Int, classes: Int
    ) {
        precondition(logits.count >= rows * classes && losses.count >= rows)
        precondition(targets.count >= rows && weights.count >= rows)
        precondition(targets.allSatisfy { $0 >= 0 && Int($0) < classes }, "a target outside the vocabulary")
        unsafe functions.cross_entropy(&logits, &losses, targets, weights, rows, classes)
    }

    /// sum(a * b).
    public func dot(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Float {
        precondition(a.count == b.count)
        guard !a.isEmpty else { return 0 }
        return unsafe a.withUnsafeBufferPointer { a in
            unsafe b.withUnsafeBufferPointer { b in
                unsafe functions.dot(a.baseAddress!, b.baseAddress!, a.count)
            }
        }
    }

    /// y[offset...] += alpha * x.
    public func addScaled(_ x: ArraySlice<Float>, alpha: Float = 1, into y: inout [Float], at offset: Int = 0) {
        precondition(y.count >= offset + x.count)
        unsafe x.withUnsafeBufferPointer { x in
            unsafe y.withUnsafeMutableBufferPointer { y in
                guard let source = x.baseAddress else { return }
                unsafe functions.add_scaled(y.baseAddress! + offset, source, alpha, x.count)
            }
        }
    }

    /// Adds a bias to `rows` rows of width bias.count from `offset` on.
    public func addBias(_ bias: ArraySlice<Float>, into y: inout [Float], at offset: Int = 0, rows: Int) {
        for row in 0..<rows { addScaled(bias, into: &y, at: offset + row * bias.count) }
    }

    /// Adds the column sums of dy [rows, range.count] to the gradients in `range`: the gradient of `addBias`.
    public func addBiasGradient(_ dy: [Float], into gradients: inout [Float], range: Range<Int>, rows: Int) {
        for row in 0..<rows {
            addScaled(dy[row * range.count..<(row + 1) * range.count], into: &gradients, at: range.lowerBound)
        }
    }

    /// x *= factor over the first `count` elements.
    public func scale(_ x: inout [Float], by factor: Float, count: Int) {
        guard factor != 1 else { return }
        for index in 0..<count { x[index] *= factor }
    }

    /// One AdamW step over `range` of the parameters, in place (Loshchilov and Hutter, 2019, algorithm 2).
    public func adamW(
        _ parameters: inout [Float], first: inout [Float], second: inout [Float], gradients: [Float],
        range: Range<Int>, gradientScale: Float, rate: Float, beta1: Float, beta2: Float, epsilon: Float,
        decay: Float, step: Int
    ) {
        precondition(range.lowerBound >= 0 && parameters.count >= range.upperBound)
        precondition(first.count >= range.upperBound && second.count >= range.upperBound)
        precondition(gradients.count >= range.upperBound && step > 0)
        let correction1 = Float(1 - pow(Double(beta1), Double(step)))
        let correction2 = Float(1 - pow(Double(beta2), Double(step)))
        let start = range.lowerBound
        unsafe parameters.withUnsafeMutableBufferPointer { parameters in
            unsafe first.withUnsafeMutableBufferPointer { first in
                unsafe second.withUnsafeMutableBufferPointer { second in
                    unsafe gradients.withUnsafeBufferPointer { gradients in
                        guard !range.isEmpty else { return }
                        unsafe functions.adamw(
                            parameters.baseAddress! + start, first.baseAddress! + start, second.baseAddress! + start,
                            gradients.baseAddress! + start, range.count, gradientScale, rate, beta1, beta2, epsilon,
                            decay, correction1, correction2)
                    }
                }
            }
        }
    }

    /// Index of the largest value; the first wins ties.
    public func argmax(_ x: ArraySlice<Float>) -> Int {
        precondition(!x.isEmpty)
        return unsafe x.withUnsafeBufferPointer { x in unsafe functions.argmax(x.baseAddress!, x.count) }
    }

    /// Widens bfloat16 bit patterns to float32.
    public func widen(bfloat16 bits: [UInt16]) -> [Float] {
        unsafe [Float](unsafeUninitializedCapacity: bits.count) { out, count in
            count = bits.count
            guard count > 0 else { return }
            unsafe functions.bf16_to_f32(out.baseAddress!, bits, bits.count)
        }
    }

    /// Widens IEEE half-precision bit patterns to float32.
    public func widen(float16 bits: [UInt16]) -> [Float] {
        unsafe [Float](unsafeUninitializedCapacity: bits.count) { out, count in
            count = bits.count
            guard count > 0 else { return }
            unsafe functions.f16_to_f32(out.baseAddress!, bits, bits.count)
        }
    }

    /// Rounds to bfloat16 bit patterns, to nearest even.
    public func bfloat16(_ values: Span<Float>) -> [UInt16] {
        unsafe [UInt16](unsafeUninitializedCapacity: values.count) { out, count in
            count = values.count
            guard count > 0 else { return }
            unsafe values.withUnsafeBufferPointer { values in
                unsafe functions.f32_to_bf16(out.baseAddress!, values.baseAddress!, values.count)
            }
        }
    }
}
