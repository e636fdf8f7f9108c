/// A regular expression of a tokenizer file as a tree.
indirect enum SplitNode: Sendable {
    /// How a repetition gives back what it took.
    enum Mode: Sendable {
        case greedy, lazy, possessive
    }

    case one(ScalarSet)
    case sequence([SplitNode])
    /// The first that leads to a match.
    case choice([SplitNode])
    case times(SplitNode, least: Int, most: Int, Mode)
    /// What follows matches, or does not; nothing is taken.
    case ahead(SplitNode, isNegative: Bool)
    /// The first way to match is the only one.
    case atomic(SplitNode)
    case lineStart
    case lineEnd

    /// The fewest scalars of a match, counted to a million.
    var least: Int {
        switch self {
        case .one: 1
        case .sequence(let parts): parts.reduce(0) { min(1_000_000, $0 + $1.least) }
        case .choice(let choices): choices.map(\.least).min() ?? 0
        case .times(let inner, let least, _, _): min(1_000_000, inner.least * min(least, 1_000))
        case .atomic(let inner): inner.least
        case .ahead, .lineStart, .lineEnd: 0
        }
    }

    /// The scalars with which a match may begin; nil: nobody knows.
    var first: ScalarSet? {
        switch self {
        case .one(let set): return set
        case .atomic(let inner): return inner.first
        case .choice(let choices): return Self.union(choices)
        case .times(let inner, _, _, _): return inner.first
        case .sequence(let parts):
            var before: [SplitNode] = []
            for part in parts {
                switch part {
                case .ahead, .lineStart, .lineEnd: continue
                default: before.append(part)
                }
                if part.least > 0 { return Self.union(before) }
            }
            return nil
        case .ahead, .lineStart, .lineEnd: return nil
        }
    }

    private static func union(_ nodes: [SplitNode]) -> ScalarSet? {
        var union = ScalarSet()
        for node in nodes {
            guard let first = node.first else { return nil }
            union.formUnion(first)
        }
        return union
    }

    /// Scalars each of which is a match whatever follows it.
    var always: ScalarSet {
        switch self {
        case .one(let set): return set
        case .times(let inner, let least, _, _): return least <= 1 ? inner.always : ScalarSet()
        case .choice(let choices):
            return choices.reduce(into: ScalarSet()) { $0.formUnion($1.always) }
        case .sequence(let parts):
            // A possessive part could take what the next one needs.
            let isPlain = parts.allSatisfy { part in
                switch part {
                case .one: true
                case .times(_, _, _, let mode): mode != .possessive
                default: false
                }
            }
            let needed = parts.filter { $0.least > 0 }
            return isPlain && needed.count == 1 ? needed[0].always : ScalarSet()
        case .ahead, .atomic, .lineStart, .lineEnd: return ScalarSet()
        }
    }
}
