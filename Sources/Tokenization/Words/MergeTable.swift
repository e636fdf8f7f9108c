/// The merges of a byte-pair encoding: what two neighbouring tokens become, and in which order merges are applied.
///
/// A flat open-addressing table; half of its slots stay free, so that a miss ends after a probe or two.
struct MergeTable: Sendable {
    /// A merge as one number, rank in the high half, resulting token in the low half: comparing merges compares ranks.
    typealias Merge = UInt64
    static let none = Merge.max

    private var keys: [UInt64]
    private var merges: [Merge]
    private let shift: UInt64

    init(capacity: Int) {
        var bits: UInt64 = 4
        while 1 << bits < capacity * 2 { bits += 1 }
        keys = [UInt64](repeating: .max, count: 1 << bits)
        merges = [Merge](repeating: Self.none, count: 1 << bits)
        shift = 64 - bits
    }

    static func merge(rank: Int, token: Int32) -> Merge {
        UInt64(rank) << 32 | UInt64(UInt32(bitPattern: token))
    }

    static func token(of merge: Merge) -> Int32 {
        Int32(truncatingIfNeeded: merge)
    }

    /// Sets what the pair becomes; the last setting of a pair holds, as in the Python package.
    mutating func set(_ left: Int32, _ right: Int32, to merge: Merge) {
        let key = Self.key(left, right)
        let slot = slot(of: key)
        keys[slot] = key
        merges[slot] = merge
    }

    /// The merge of the pair, or ``none``.
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Merge {
        merges[slot(of: Self.key(left, right))]
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private func slot(of key: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: ((key ^ (key >> 29)) &* 0x9E37_79B9_7F4A_7C15) >> shift)
        let mask = keys.count &- 1
        while keys[slot] != key && keys[slot] != .max {
            slot = (slot &+ 1) & mask
        }
        return slot
    }
}
