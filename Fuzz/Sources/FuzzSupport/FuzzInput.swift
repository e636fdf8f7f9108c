/// The fuzzer's bytes, of which a target takes its choices and its texts.
public struct FuzzInput {
    /// What was not taken yet.
    public private(set) var rest: ArraySlice<UInt8>

    /// An input as libFuzzer hands it over.
    public init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        rest = unsafe Array(UnsafeBufferPointer(start: start, count: count))[...]
    }

    /// True once everything is taken.
    public var isEmpty: Bool { rest.isEmpty }

    /// The next byte; 0 at the end.
    public mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// A number in `0..<limit`.
    public mutating func number(below limit: Int) -> Int { Int(byte()) % limit }

    /// All that is left.
    public mutating func remaining() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }

    /// A text of at most `limit` bytes of an alphabet that is small, so that texts overlap and contain each other.
    public mutating func word(_ limit: Int) -> [UInt8] {
        let alphabet = Array("ab\n\rQ: \u{E4}".utf8)
        return (0..<number(below: limit + 1)).map { _ in alphabet[number(below: alphabet.count)] }
    }

    /// The bytes cut into pieces whose lengths the first byte decides on.
    public static func pieces(of bytes: [UInt8], seed: UInt8) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var state = UInt32(seed) &* 2_654_435_761 | 1
        var at = 0
        while at < bytes.count {
            state = state &* 1_664_525 &+ 1_013_904_223
            let length = seed == 0 ? 1 : 1 + Int(state >> 24) % (1 + Int(seed) / 4)
            pieces.append(Array(bytes[at..<min(at + length, bytes.count)]))
            at += length
        }
        return pieces
    }
}

/// Stops the process if a property does not hold; libFuzzer then keeps the input.
public func require(_ holds: Bool, _ property: String) {
    if !holds { fatalError("property broken: \(property)") }
}
