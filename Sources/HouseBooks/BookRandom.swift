/// A SplitMix64 sequence (Steele, Lea, Flood, 2014): the same seed gives the same book on every machine.
public struct BookRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A whole number in 0..<bound; the standard library's own methods may change between versions.
    public mutating func below(_ bound: Int) -> Int {
        Int(next() >> 1) % bound
    }

    /// One element.
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
