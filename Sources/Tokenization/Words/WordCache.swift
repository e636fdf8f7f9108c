/// Remembers the tokens of short words; bounded, because each word has exactly one slot that a later word may take.
///
/// Only words of at most 16 bytes and 8 tokens are kept: the others are rare, and slots stay one cache line long.
struct WordCache: Sendable {
    static let longestWord = 16

    struct Key: Equatable {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var length: UInt64 = 0

        @inline(__always)
        init(_ text: Span<UInt8>, _ start: Int, _ end: Int) {
            var shift: UInt64 = 0
            for index in start..<min(start + 8, end) {
                low |= UInt64(text[index]) << shift
                shift += 8
            }
            shift = 0
            for index in min(start + 8, end)..<end {
                high |= UInt64(text[index]) << shift
                shift += 8
            }
            length = UInt64(end - start)
        }

        @inline(__always)
        var slot: Int {
            var mixed = (low ^ length) &* 0x9E37_79B9_7F4A_7C15
            mixed = (mixed ^ (mixed >> 32) ^ high) &* 0xBF58_476D_1CE4_E5B9
            return Int(truncatingIfNeeded: mixed >> (64 - WordCache.bits))
        }
    }

    private struct Slot {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var length: UInt8 = 0
        var count: UInt8 = 0
        var tokens = SIMD8<Int32>()
    }

    private static let bits: UInt64 = 13
    private var slots: [Slot]

    init() {
        slots = [Slot](repeating: Slot(), count: 1 << Self.bits)
    }

    /// Appends the word's tokens and answers true, or answers false if the word is not remembered.
    @inline(__always)
    func append(_ key: Key, to tokens: inout [Int32]) -> Bool {
        let slot = slots[key.slot]
        guard slot.length == key.length, slot.low == key.low, slot.high == key.high else { return false }
        for index in 0..<Int(slot.count) { tokens.append(slot.tokens[index]) }
        return true
    }

    /// Remembers the tokens of a word, if they fit.
    mutating func remember(_ key: Key, _ tokens: ArraySlice<Int32>) {
        guard tokens.count <= 8 else { return }
        var slot = Slot(low: key.low, high: key.high, length: UInt8(key.length), count: UInt8(tokens.count))
        for (index, token) in tokens.enumerated() { slot.tokens[index] = token }
        slots[key.slot] = slot
    }
}
