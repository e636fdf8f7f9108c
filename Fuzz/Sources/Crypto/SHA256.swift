/// SHA-256 (FIPS 180-4), in the place of swift-crypto's: BoringSSL would take minutes to build with the sanitizers.
///
/// Only fingerprints of schemas are made with it here, and no property depends on them.
public struct SHA256 {
    private static let constants: [UInt32] = {
        // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
        let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
        return primes.prefix(64).map { fraction(ofRoot: 3, of: $0) }
    }()

    private var state: [UInt32] = [2, 3, 5, 7, 11, 13, 17, 19].map { fraction(ofRoot: 2, of: $0) }
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    /// A hash of nothing so far.
    public init() {}

    /// Adds bytes.
    public mutating func update(data: [UInt8]) {
        length += UInt64(data.count) * 8
        pending += data
        while pending.count >= 64 {
            compress(Array(pending.prefix(64)))
            pending.removeFirst(64)
        }
    }

    /// The hash of all bytes added.
    public func finalize() -> [UInt8] {
        var last = self
        let bits = length
        last.pending.append(0x80)
        while last.pending.count % 64 != 56 { last.pending.append(0) }
        last.pending += (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
        let blocks = last.pending
        for start in stride(from: 0, to: blocks.count, by: 64) { last.compress(Array(blocks[start..<start + 64])) }
        return last.state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
    }

    /// The hash of some bytes.
    public static func hash(data: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: data)
        return hash.finalize()
    }

    private mutating func compress(_ block: [UInt8]) {
        var words = (0..<16).map { at in (0..<4).reduce(0 as UInt32) { $0 << 8 | UInt32(block[4 * at + $1]) } }
        for at in 16..<64 {
            let (early, late) = (words[at - 15], words[at - 2])
            let one = Self.rotate(early, 7) ^ Self.rotate(early, 18) ^ early >> 3
            let two = Self.rotate(late, 17) ^ Self.rotate(late, 19) ^ late >> 10
            words.append(words[at - 16] &+ one &+ words[at - 7] &+ two)
        }
        var v = state
        for at in 0..<64 {
            let sum = Self.rotate(v[4], 6) ^ Self.rotate(v[4], 11) ^ Self.rotate(v[4], 25)
            let choice = v[4] & v[5] ^ ~v[4] & v[6]
            let first = v[7] &+ sum &+ choice &+ Self.constants[at] &+ words[at]
            let other = Self.rotate(v[0], 2) ^ Self.rotate(v[0], 13) ^ Self.rotate(v[0], 22)
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
            v = [first &+ other &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
        }
        for at in 0..<8 { state[at] &+= v[at] }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

    /// The first 32 bits after the point of the square or cube root, by bisection in whole numbers.
    private static func fraction(ofRoot root: Int, of number: Int) -> UInt32 {
        let target = UInt128(number) << UInt128(32 * root)
        var low: UInt128 = 0
        var high: UInt128 = 1 << 40
        while high - low > 1 {
            let middle = (low + high) / 2
            let power = (1..<root).reduce(middle) { power, _ in power * middle }
            if power <= target { low = middle } else { high = middle }
        }
        return UInt32(truncatingIfNeeded: low)
    }
}
