import Engine
import Foundation
import TestSupport
import Testing

/// The tables that this processor runs besides the scalar one.
private let tables = ["avx2", "avx512"].filter { KernelTable.named($0) != nil }

@Suite("Kernels: every instruction set agrees with the scalar twin and with the formula")
struct KernelTests {
    private static let sizes = [1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 257]

    private func values(_ count: Int, _ seed: Int, in range: ClosedRange<Float> = -3...3) -> [Float] {
        var random = SeededRandom(seed: UInt64(seed))
        return (0..<count).map { _ in Float.random(in: range, using: &random) }
    }

    /// Runs `body` with the scalar table and every other; the results must agree within `tolerance`, relative to
    /// the larger of 1 and the value.
    private func agree(_ tolerance: Float, _ body: (KernelTable) -> [Float]) throws -> [Float] {
        let scalar = body(.scalar)
        for name in tables {
            let other = body(try #require(KernelTable.named(name)))
            let worst = zip(scalar, other).reduce(Float(0)) { max($0, abs($1.0 - $1.1) / max(1, abs($1.0))) }
            #expect(scalar.count == other.count && worst <= tolerance, "\(name): \(worst)")
        }
        return scalar
    }

    @Test("dot and addScaled", arguments: sizes)
    func products(size: Int) throws {
        let (a, b) = (values(size, 1), values(size, 2))
        let dot = try agree(2e-5) { [$0.dot(a[...], b[...])] }
        let exact = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(Double(dot[0]) - exact) < 1e-4)
        _ = try agree(1e-6) { table in
            var y = b
            table.addScaled(a[...], alpha: 0.3, into: &y)
            return y
        }
    }

    @Test("RMSNorm forward and backward", arguments: sizes)
    func norm(size: Int) throws {
        let rows = 3
        let (x, weight, dout) = (values(rows * size, 3), values(size, 4), values(rows * size, 5))
        let result = try agree(2e-5) { table in
            var out = [Float](repeating: 0, count: rows * size)
            var inverse = [Float](repeating: 0, count: rows)
            var dx = values(rows * size, 6)
            var gradients = values(size, 7)
            table.rmsNorm(x[...], weight: weight[...], epsilon: 1e-5, into: &out, inverseRMS: &inverse, rows: rows)
            table.rmsNormBackward(
                dout[...], x: x[...], weight: weight[...], inverseRMS: inverse[...], into: &dx,
                weightGradients: &gradients, at: 0, rows: rows)
            return out + inverse + dx + gradients
        }
        let mean = x[..<size].reduce(0.0) { $0 + Double($1) * Double($1) } / Double(size)
        #expect(abs(Double(result[0]) - Double(x[0]) * Double(weight[0]) / (mean + 1e-5).squareRoot()) < 1e-4)
    }

    @Test("rotation turns and turns back", arguments: [2, 8, 16, 64])
    func rotation(headSize: Int) throws {
        let config = ModelConfig(
            vocabularySize: 8, hiddenSize: 8, intermediateSize: 8, layerCount: 1, headCount: 2, keyValueHeadCount: 1,
            headSize: headSize, maximumPositions: 600)
        let table = RotaryTable(config)
        let positions: [Int32] = [0, 1, 599]
        let x = values(positions.count * 2 * headSize, 8)
        _ = try agree(1e-6) { kernels in
            var turned = x
            kernels.rotate(&turned, positions: positions, table: table, heads: 2, headSize: headSize)
            var back = turned
            kernels.rotate(&back, positions: positions, table: table, heads: 2, headSize: headSize, backward: true)
            #expect(largestDifference(back, x) < 1e-5)
            #expect(largestDifference(turned[..<(2 * headSize)], x[..<(2 * headSize)]) == 0)
            return turned
        }
    }

    @Test(
        "activations forward and backward, from the flat ends to the middle", arguments: sizes,
        DecoderBlock.Activation.allCases)
    func activation(size: Int, activation: DecoderBlock.Activation) throws {
        let (gate, up, dout) = (values(size, 9, in: -95...95), values(size, 10), values(size, 11))
        let out = try agree(2e-6) { table in
            var out = [Float](repeating: 0, count: size)
            var (dgate, dup) = (out, out)
            table.multiply(activation, gate: gate, up: up, into: &out, count: size)
            table.multiplyBackward(activation, dout, gate: gate, up: up, dgate: &dgate, dup: &dup, count: size)
            return out + dgate + dup
        }
        func exact(_ g: Double) -> Double {
            switch activation {
            case .silu: g / (1 + exp(-g))
            case .geluTanh: g / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (g + 0.044715 * g * g * g)))
            }
        }
        for index in 0..<size {
            let (g, u) = (Double(gate[index]), Double(up[index]))
            let value = exact(g) * u
            #expect(abs(Double(out[index]) - value) < 1e-5 * max(1, abs(value)))
            let slope = (exact(g + 1e-4) - exact(g - 1e-4)) / 2e-4 * u * Double(dout[index])
            #expect(abs(Double(out[size + index]) - slope) < 1e-4 * max(1, abs(slope)))
        }
    }

    @Test("causal softmax, its recomputation and its gradient", arguments: sizes)
    func softmax(width: Int) throws {
        let rows = min(width, 5)
        let first = width - rows + 1
        let block = KernelTable.CausalBlock(rows: rows, width: width, firstCount: first)
        let (scores, gradients) = (values(rows * width, 12, in: -40...40), values(rows * width, 13))
        let result = try agree(5e-6) { table in
            var probabilities = scores
            var again = scores
            var sums = [Float](repeating: 0, count: rows)
            let dots = values(rows, 14)
            var backward = gradients
            unsafe table.causalSoftmax(&probabilities, logSums: &sums, block: block, scale: 0.25)
            unsafe table.causalProbabilities(&again, logSums: sums, block: block, scale: 0.25)
            unsafe table.softmaxBackward(
                &backward, probabilities: probabilities, dots: dots, block: block, scale: 0.25)
            #expect(largestDifference(again, probabilities) < 1e-5)
            return probabilities + sums + backward
        }
        for row in 0..<rows {
            let visible = scores[row * width..<row * width + first + row].map { exp(Double($0) * 0.25) }
            let total = visible.reduce(0, +)
            for column in 0..<width {
                let exact = column < visible.count ? visible[column] / total : 0
                #expect(abs(Double(result[row * width + column]) - exact) < 1e-6)
            }
        }
    }

    @Test("cross entropy: losses and gradient", arguments: sizes)
    func crossEntropy(classes: Int) throws {
        let rows = 4
        let logits = values(rows * classes, 15, in: -20...20)
        let targets = (0..<rows).map { Int32($0 * 7 % classes) }
        let weights: [Float] = [1, 0, 0.5, 2]
        let result = try agree(5e-6) { table in
            var gradient = logits
            var losses = [Float](repeating: 0, count: rows)
            table.crossEntropy(
                &gradient, losses: &losses, targets: targets, weights: weights, rows: rows, classes: classes)
            return losses + gradient
        }
        for row in 0..<rows {
            let shares = logits[row * classes..<(row + 1) * classes].map { exp(Double($0)) }
            let exact = log(shares.reduce(0, +)) - Double(logits[row * classes + Int(targets[row])])
            #expect(abs(Double(result[row]) - exact) < 2e-5)
        }
        #expect(result[rows + classes..<rows + 2 * classes].allSatisfy { $0 == 0 })
    }

    @Test("an AdamW step", arguments: sizes)
    func adamW(size: Int) throws {
        let (start, gradients) = (values(size, 16), values(size, 17))
        let result = try agree(2e-6) { table in
            var parameters = start
            var first = [Float](repeating: 0, count: size)
            var second = first
            for step in 1...3 {
                table.adamW(
                    &parameters, first: &first, second: &second, gradients: gradients, range: 0..<size,
                    gradientScale: 0.5, rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.1, step: step)
            }
            return parameters + first + second
        }
        // With a constant gradient the corrected moments are g and g², so that every step moves by the rate.
        var exact = Double(start[0])
        for _ in 0..<3 { exact = exact * (1 - 0.001) - 0.01 * (gradients[0] < 0 ? -1 : 1) }
        #expect(abs(Double(result[0]) - exact) < 1e-5)
    }

    @Test("argmax gives the first of the largest", arguments: sizes)
    func argmax(size: Int) throws {
        var x = values(size, 18)
        _ = try agree(0) { [Float($0.argmax(x[...]))] }
        x[size / 2] = 50
        x[size - 1] = 50
        #expect(KernelTable.best.argmax(x[...]) == (size == 1 ? 0 : size / 2))
        #expect(KernelTable.scalar.argmax(x[...]) == (size == 1 ? 0 : size / 2))
    }

    @Test("half precision and bfloat16 widen exactly, every bit pattern, on every instruction set")
    func widening() throws {
        let bits = (0...UInt16.max).map { $0 }
        for name in ["scalar"] + tables {
            let table = try #require(KernelTable.named(name))
            for (pattern, value) in zip(bits, table.widen(bfloat16: bits)) {
                guard value.bitPattern == UInt32(pattern) << 16 else {
                    Issue.record("bfloat16 \(pattern)")
                    return
                }
            }
            for (pattern, value) in zip(bits, table.widen(float16: bits)) {
                let exponent = Int(pattern >> 10 & 31)
                let fraction = Double(pattern & 1_023) / 1_024
                let sign: Double = pattern >> 15 == 1 ? -1 : 1
                let exact: Double =
                    switch exponent {
                    case 0: sign * fraction * 0x1p-14
                    case 31: fraction == 0 ? sign * .infinity : .nan
                    default: sign * (1 + fraction) * pow(2, Double(exponent - 15))
                    }
                guard Double(value) == exact || (value.isNaN && exact.isNaN) else {
                    Issue.record("float16 \(pattern): \(value)")
                    return
                }
            }
        }
    }

    @Test("bfloat16 rounds to nearest even; NaN stays NaN; too large becomes infinity")
    func rounding() throws {
        var random = SeededRandom(seed: 19)
        var patterns: [UInt32] = [
            0x3F80_8000, 0x3F81_8000, 0x3F80_8001, 0x3F80_7FFF, 0x7F7F_FFFF, 0x7F80_0000, 0xFF80_0000, 0x7F80_0001,
            0x7FFF_FFFF, 0, 0x8000_0000, 1, 0x0000_8000, 0x0001_8000,
        ]
        for _ in 0..<100_000 { patterns.append(UInt32.random(in: .min ... .max, using: &random)) }
        let floats = patterns.map { Float(bitPattern: $0) }
        for name in ["scalar"] + tables {
            let rounded = try #require(KernelTable.named(name)).bfloat16(floats.span)
            for (pattern, bits) in zip(patterns, rounded) {
                let value = Float(bitPattern: pattern)
                let result = Float(bitPattern: UInt32(bits) << 16)
                if value.isNaN {
                    #expect(result.isNaN)
                    continue
                }
                let low = pattern & 0xFFFF_0000
                let rest = pattern & 0xFFFF
                let up = rest > 0x8000 || (rest == 0x8000 && low & 0x1_0000 != 0)
                guard result.bitPattern == (up ? low &+ 0x1_0000 : low) else {
                    Issue.record("\(String(pattern, radix: 16)) became \(String(bits, radix: 16))")
                    return
                }
            }
        }
    }

    @Test("OpenBLAS runs with a core type that fits this processor")
    func coreType() throws {
        try BLAS.load()
        #expect(BLAS.core.fits, "\(BLAS.core.name)")
    }
}
