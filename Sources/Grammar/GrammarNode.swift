/// A language of byte strings, as a tree.
indirect enum GrammarNode: Sendable {
    /// One exact string; the empty one matches nothing but itself.
    case bytes([UInt8])
    /// One byte of a set.
    case set(ByteSet)
    /// One Unicode scalar of some ranges, in UTF-8; surrogates are none.
    case scalars([ClosedRange<UInt32>])
    /// One after the other.
    case sequence([GrammarNode])
    /// Any one of them; none is a language without strings.
    case choice([GrammarNode])
    /// From `least` to `most` times in a row; nil: without limit.
    case times(GrammarNode, least: Int, most: Int?)
    /// Comma-separated members in this order, of which those that are not required may be left out.
    case members([(node: GrammarNode, isRequired: Bool)])
    /// Another rule of the same grammar, which may be recursive.
    case rule(Int)

    /// About how many states it takes, counted to a million.
    var size: Int {
        let most = 1_000_000
        let count =
            switch self {
            case .bytes(let bytes): bytes.count
            case .set, .rule: 1
            case .scalars: 2
            case .sequence(let parts), .choice(let parts): parts.reduce(1) { min(most, $0 + $1.size) }
            case .times(let inner, let least, let end): min(most, 1 + inner.size) * min(most, max(1, end ?? least + 1))
            case .members(let members): members.reduce(1) { min(most, $0 + $1.node.size) }
            }
        return min(most, count)
    }

    static func text(_ text: StaticString) -> GrammarNode {
        .bytes(Array("\(text)".utf8))
    }

    static func optional(_ node: GrammarNode) -> GrammarNode {
        .times(node, least: 0, most: 1)
    }
}

/// A set of bytes.
struct ByteSet: Sendable, Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init(_ ranges: ClosedRange<UInt8>...) {
        for range in ranges { insert(range) }
    }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range {
            let bit = UInt64(1) << UInt64(byte & 63)
            switch byte >> 6 {
            case 0: words.0 |= bit
            case 1: words.1 |= bit
            case 2: words.2 |= bit
            default: words.3 |= bit
            }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word & 1 << UInt64(byte & 63) != 0
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
