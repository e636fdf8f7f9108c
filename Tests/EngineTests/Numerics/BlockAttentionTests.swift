import CKernels
import TestSupport
import Testing

@testable import Engine

@Suite("Attention over blocks of keys and values")
struct BlockAttentionTests {
    struct Case: CustomTestStringConvertible {
        let heads: Int
        let keyValueHeads: Int
        let headSize: Int
        let start: Int
        let rows: Int
        let window: Int
        var testDescription: String { "\(heads)/\(keyValueHeads) heads of \(headSize), \(start)+\(rows), \(window)" }
    }

    static let cases = [
        Case(heads: 2, keyValueHeads: 1, headSize: 4, start: 0, rows: 1, window: 0),
        Case(heads: 4, keyValueHeads: 2, headSize: 8, start: 31, rows: 2, window: 0),
        Case(heads: 9, keyValueHeads: 3, headSize: 64, start: 300, rows: 1, window: 0),
        Case(heads: 8, keyValueHeads: 1, headSize: 24, start: 5, rows: 70, window: 0),
        Case(heads: 3, keyValueHeads: 3, headSize: 16, start: 280, rows: 40, window: 33),
        Case(heads: 2, keyValueHeads: 2, headSize: 256, start: 60, rows: 7, window: 64),
        Case(heads: 2, keyValueHeads: 1, headSize: 10, start: 0, rows: 130, window: 1),
    ]

    private func answer(_ c: Case, _ isHalf: Bool, _ table: ProductTable) -> [Float] {
        var random = SeededRandom(seed: 11)
        func values(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -2...2, using: &random) } }
        let positions = c.start + c.rows
        let bytes = pi_cache_block_bytes(c.keyValueHeads, c.headSize, isHalf)
        let offset = 64
        let memory = (0..<(positions + 31) / 32).map { _ in AlignedMemory(count: bytes + offset) }
        for position in 0..<positions {
            let keys = values(c.keyValueHeads * c.headSize), contents = values(c.keyValueHeads * c.headSize)
            unsafe table.functions.store_position(
                memory[position / 32].base + offset, position % 32, keys, contents, c.keyValueHeads, c.headSize, isHalf)
        }
        let width = c.heads * c.headSize
        let queries = values(c.rows * width)
        var out = [Float](repeating: .nan, count: c.rows * width)
        let blocks = unsafe memory.map { unsafe UnsafeRawPointer($0.base) as UnsafeRawPointer? }
        unsafe queries.withUnsafeBufferPointer { queries in
            unsafe out.withUnsafeMutableBufferPointer { out in
                unsafe blocks.withUnsafeBufferPointer { blocks in
                    var attention = unsafe pi_attention(
                        queries: queries.baseAddress, query_stride: width, out: out.baseAddress, out_stride: width,
                        blocks: blocks.baseAddress, layer_offset: offset, start: c.start, window: c.window,
                        heads: c.heads, key_value_heads: c.keyValueHeads, head_size: c.headSize, scale: 0.3,
                        half: isHalf)
                    for head in 0..<c.keyValueHeads {
                        let first = c.rows / 2
                        unsafe table.functions.attend(&attention, head, 0, first)
                        unsafe table.functions.attend(&attention, head, first, c.rows - first)
                    }
                }
            }
        }
        return out
    }

    @Test("Every instruction set gives the definition's answer", arguments: cases, [false, true])
    func twins(_ c: Case, isHalf: Bool) throws {
        let scalar = answer(c, isHalf, .scalar)
        #expect(scalar.allSatisfy { $0.isFinite })
        for name in ["avx2", "avx512vnni", "amx"] {
            guard let table = ProductTable.named(name) else { continue }
            let worst = zip(scalar, answer(c, isHalf, table)).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
            #expect(worst < 2e-5, "\(name): \(worst)")
        }
    }
}
