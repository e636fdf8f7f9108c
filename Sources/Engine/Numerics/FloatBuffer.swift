/// Floats that a computation keeps between its steps and that several threads fill at once, each its own part.
@safe struct FloatBuffer: ~Copyable, Sendable {
    private var memory = AlignedMemory(count: 0)

    /// Grows to `count` elements; what was in it is lost when it grows.
    mutating func reserve(_ count: Int) {
        guard count * 4 > memory.count else { return }
        memory = AlignedMemory(count: count * 4)
    }

    /// The first element.
    var start: UnsafeMutablePointer<Float> {
        unsafe memory.base.assumingMemoryBound(to: Float.self)
    }

    /// A copy of `range`.
    func values(_ range: Range<Int>) -> [Float] {
        precondition(range.lowerBound >= 0 && range.upperBound * 4 <= memory.count)
        return unsafe Array(UnsafeBufferPointer(start: start + range.lowerBound, count: range.count))
    }
}
