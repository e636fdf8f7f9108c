import Foundation
import TestSupport
import Testing

@testable import Engine

/// The product tables that this processor runs besides the scalar one.
private let tables = ["avx2", "avx512vnni", "amx"].filter { ProductTable.named($0) != nil }

@Suite("Packed matrices: every instruction set agrees with the scalar twin and with the formula")
struct PackedMatrixTests {
    struct Shape: CustomTestStringConvertible {
        let rows: Int
        let inputs: Int
        let outputs: Int
        var testDescription: String { "\(rows) x \(inputs) -> \(outputs)" }
    }

    static let shapes = [
        Shape(rows: 1, inputs: 1, outputs: 1), Shape(rows: 1, inputs: 31, outputs: 15),
        Shape(rows: 2, inputs: 32, outputs: 16), Shape(rows: 3, inputs: 33, outputs: 17),
        Shape(rows: 4, inputs: 64, outputs: 40), Shape(rows: 5, inputs: 100, outputs: 33),
        Shape(rows: 7, inputs: 257, outputs: 50), Shape(rows: 13, inputs: 96, outputs: 64),
        Shape(rows: 31, inputs: 65, outputs: 130),
    ]

    private func values(_ count: Int, _ seed: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        var random = SeededRandom(seed: UInt64(seed))
        return (0..<count).map { _ in Float.random(in: range, using: &random) }
    }

    @Test(
        "a matrix that is packed in pieces has the bytes of one packed as a whole", arguments: WeightPrecision.allCases)
    func pieces(precision: WeightPrecision) {
        for shape in Self.shapes {
            let weights = values(shape.outputs * shape.inputs, 3)
            let whole = PackedMatrix([weights[...]], inputs: shape.inputs, precision: precision)
            for bytes in [1, 32 * shape.inputs * 4, 1 << 20] {
                let pieces = whole.moved(to: AlignedMemory(count: whole.alignedBytes), at: 0)
                pieces.pack(inPieces: { weights[$0] }, of: bytes, team: .single)
                #expect(unsafe memcmp(pieces.memory.base, whole.memory.base, whole.alignedBytes) == 0)
            }
        }
    }

    private func product(
        _ matrix: PackedMatrix, _ x: [Float], rows: Int, adding base: [Float]? = nil, _ table: ProductTable,
        _ team: ThreadTeam = .single
    ) -> [Float] {
        var out = base ?? [Float](repeating: .nan, count: rows * matrix.outputs)
        var quantized = QuantizedRows()
        unsafe x.withUnsafeBufferPointer { x in
            unsafe out.withUnsafeMutableBufferPointer { out in
                let operands = unsafe PackedMatrix.Operands(
                    rows: rows, input: x.baseAddress!, stride: matrix.inputs, output: out.baseAddress!,
                    outputStride: matrix.outputs, adds: base != nil)
                matrix.multiply(operands, quantized: &quantized, products: table, team: team)
            }
        }
        return out
    }

    private func unpacked(_ matrix: PackedMatrix) -> [Float] {
        var weights = [Float](repeating: 0, count: matrix.outputs * matrix.inputs)
        unsafe weights.withUnsafeMutableBufferPointer { weights in
            for row in 0..<matrix.outputs {
                unsafe matrix.unpack(row: row, into: weights.baseAddress! + row * matrix.inputs)
            }
        }
        return weights
    }

    /// The nearest bfloat16, ties to even.
    private static func rounded(_ value: Float) -> Float {
        let bits = value.bitPattern
        return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }

    private func exact(_ x: [Float], _ weights: [Float], _ shape: Shape) -> [Double] {
        (0..<shape.rows * shape.outputs).map { index in
            let (row, output) = (index / shape.outputs, index % shape.outputs)
            return (0..<shape.inputs).reduce(0.0) {
                $0 + Double(x[row * shape.inputs + $1]) * Double(weights[output * shape.inputs + $1])
            }
        }
    }

    @Test("The product is the formula's, on one thread and on three", arguments: shapes, WeightPrecision.allCases)
    func product(shape: Shape, precision: WeightPrecision) throws {
        let weights = values(shape.outputs * shape.inputs, 1), x = values(shape.rows * shape.inputs, 2)
        let base = values(shape.rows * shape.outputs, 3)
        let split = shape.outputs / 3 * shape.inputs
        let matrix = PackedMatrix(
            [weights[..<split], weights[split...]], inputs: shape.inputs, precision: precision)
        let scalar = product(matrix, x, rows: shape.rows, adding: base, .scalar)
        let narrow = product(matrix, x.map(Self.rounded), rows: shape.rows, adding: base, .scalar)
        // Rounding an activation to one of 127 steps moves it by at most 1/254; with weights up to 1 that adds up to
        // less than this.
        let tolerance = precision.quantizesRows ? 0.004 * Double(shape.inputs).squareRoot() * 3 + 0.002 : 1e-4
        for (index, value) in exact(x, unpacked(matrix), shape).enumerated() {
            #expect(abs(Double(scalar[index] - base[index]) - value) < tolerance)
        }
        for name in tables {
            let table = try #require(ProductTable.named(name))
            let found = product(matrix, x, rows: shape.rows, adding: base, table)
            let parallel = product(matrix, x, rows: shape.rows, adding: base, table, ThreadTeam(threads: 3))
            let twin = table.roundsRows && precision == .bfloat16 ? narrow : scalar
            #expect(zip(twin, found).allSatisfy { abs($0 - $1) < 1e-4 * max(1, abs($0)) }, "\(name)")
            #expect(found == parallel, "\(name)")
        }
    }

    @Test("A packed weight is off by no more than its precision's rounding")
    func rounding() {
        let (inputs, outputs) = (70, 20)
        let weights = values(inputs * outputs, 4)
        let limits: [WeightPrecision: Float] = [.float32: 0, .bfloat16: 1 / 256, .int8: 0.5 / 126, .int4: 0.14]
        for precision in WeightPrecision.allCases {
            let back = unpacked(PackedMatrix([weights[...]], inputs: inputs, precision: precision))
            let worst = zip(weights, back).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
            #expect(worst <= limits[precision]!, "\(precision): \(worst)")
        }
    }

    @Test(
        "Zeros, denormals, huge values and what is no number neither trap nor differ between instruction sets",
        arguments: WeightPrecision.allCases)
    func extremes(precision: WeightPrecision) throws {
        let special: [Float] = [
            0, -0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude, 1e-38, 1e-30, 3e37, -3e37, 1, -1, 1e-3,
        ]
        let (inputs, outputs, rows) = (96, 19, 5)
        let weights = (0..<inputs * outputs).map { special[$0 * 7 % special.count] }
        let x = (0..<inputs * rows).map { special[$0 * 5 % special.count] * 1e-2 }
        let matrix = PackedMatrix([weights[...]], inputs: inputs, precision: precision)
        let scalar = product(matrix, x, rows: rows, .scalar)
        let narrow = product(matrix, x.map(Self.rounded), rows: rows, .scalar)
        for name in tables {
            let table = try #require(ProductTable.named(name))
            let found = product(matrix, x, rows: rows, table)
            for (a, b) in zip(table.roundsRows && precision == .bfloat16 ? narrow : scalar, found) {
                #expect(a.isNaN && b.isNaN || a == b || abs(a - b) <= 1e-4 * max(1, abs(a)), "\(name): \(a) \(b)")
            }
        }
        let broken = (0..<inputs * outputs).map { [Float.nan, .infinity, -.infinity, 1][$0 % 4] }
        let hostile = PackedMatrix([broken[...]], inputs: inputs, precision: precision)
        for table in [ProductTable.scalar, .best] {
            #expect(product(hostile, x, rows: rows, table).count == rows * outputs)
            #expect(product(matrix, Array(broken[..<x.count]), rows: rows, table).count == rows * outputs)
        }
    }

    @Test("Whole-number products are equal bit by bit: the sums of bytes are exact")
    func integers() throws {
        let (inputs, outputs, rows) = (320, 48, 9)
        var random = SeededRandom(seed: 5)
        // Powers of two as scales: each block has a weight and an activation of magnitude 127.
        func steps(_ count: Int, _ range: ClosedRange<Int>, _ extreme: Int) -> [Float] {
            (0..<count).map { Float($0 % 32 == 0 ? extreme : Int.random(in: range, using: &random)) }
        }
        for precision in [WeightPrecision.int8, .int4] {
            let weights =
                precision == .int8 ? steps(inputs * outputs, -127...127, -127) : steps(inputs * outputs, -8...7, -8)
            let x = steps(inputs * rows, -127...127, 127)
            let matrix = PackedMatrix([weights[...]], inputs: inputs, precision: precision)
            let expected = exact(x, weights, Shape(rows: rows, inputs: inputs, outputs: outputs)).map { Float($0) }
            #expect(product(matrix, x, rows: rows, .scalar) == expected, "\(precision)")
            for name in tables {
                let table = try #require(ProductTable.named(name))
                #expect(product(matrix, x, rows: rows, table) == expected, "\(name)")
            }
        }
    }
}
