import Randomness

/// Which inputs of the low-rank path a pass leaves out, as PEFT's `lora_dropout` does: each with probability `rate`,
/// the others scaled by 1 / (1 - rate). The base model's own path sees everything.
///
/// The choice is a function of the seed, the layer, the projection and the place, so that forward and backward pass
/// agree and a resumed run repeats it.
struct Dropout: Sendable, Equatable {
    /// From 0 to below 1.
    let rate: Float
    /// Another seed for each step and each sequence of it.
    let seed: UInt64

    /// values with the left out ones set to zero and the others scaled.
    func masked(_ values: [Float], count: Int, place: Int) -> [Float] {
        var result = [Float](repeating: 0, count: count)
        let scale = 1 / (1 - rate)
        forEachKept(count: count, place: place) { result[$0] = values[$0] * scale }
        return result
    }

    /// target += masked values.
    func addMasked(_ values: [Float], count: Int, place: Int, into target: inout [Float]) {
        let scale = 1 / (1 - rate)
        forEachKept(count: count, place: place) { target[$0] += values[$0] * scale }
    }

    /// SplitMix64 by place; each draw decides four values with 16 bits each.
    private func forEachKept(count: Int, place: Int, _ body: (Int) -> Void) {
        let threshold = UInt64(rate * 65_536)
        var random = SplitMix64(seed: seed ^ (UInt64(truncatingIfNeeded: place + 1) &* 0xD6E8_FEB8_6659_FD93))
        var index = 0
        while index < count {
            var bits = random.next()
            for offset in 0..<min(4, count - index) {
                if bits & 0xFFFF >= threshold { body(index + offset) }
                bits >>= 16
            }
            index += 4
        }
    }
}
