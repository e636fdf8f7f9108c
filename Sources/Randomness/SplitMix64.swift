/// A generator whose whole state is its seed: the same seed gives the same numbers on every machine (Steele, Lea,
/// Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
///
/// The draws below are its own, because the standard library's may change between versions.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    @inlinable
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    @inlinable
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform from 0 to below 1, with 53 random bits.
    public mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A whole number in 0..<bound.
    public mutating func below(_ bound: Int) -> Int {
        Int(next() >> 1) % bound
    }

    /// One element; the array is not empty.
    public mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    /// `count` different elements, in random order (the first steps of a Fisher-Yates shuffle).
    public mutating func choose<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        var rest = elements
        for index in 0..<min(count, rest.count) { rest.swapAt(index, index + below(rest.count - index)) }
        return Array(rest.prefix(count))
    }
}
