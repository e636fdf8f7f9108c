/// An ordered list of merges under construction, with the tokens that they give.
struct MergeList {
    struct Merge: Hashable {
        var left: [UInt8]
        var right: [UInt8]
    }

    private(set) var merges: [Merge] = []
    private var ranks: [Merge: Int] = [:]
    private var made: Set<[UInt8]> = []
    private let reserved: Set<[UInt8]>

    /// Merges whose result is spelled like one of `specialTokens` are left out: text must not produce those.
    init(specialTokens: [String], merges: some Sequence<Merge>) {
        reserved = Set(specialTokens.map { Array($0.utf8) })
        for merge in merges { append(merge) }
    }

    /// The number of different tokens that the merges give.
    var tokenCount: Int { made.count }

    /// Adds a merge as the last one, unless it is there already or one of its halves is not.
    mutating func append(_ merge: Merge) {
        let token = merge.left + merge.right
        guard ranks[merge] == nil, !reserved.contains(ByteAlphabet.spelling(of: token)),
            exists(merge.left), exists(merge.right)
        else { return }
        ranks[merge] = merges.count
        merges.append(merge)
        made.insert(token)
    }

    /// Adds the merges that are missing for `word` to become one token.
    ///
    /// Each one joins the first two tokens that the word still falls into; as it comes last, it changes no earlier
    /// step.
    mutating func require(_ word: [UInt8]) {
        var tokens = encode(word)
        while tokens.count > 1 {
            let before = merges.count
            append(Merge(left: tokens[0], right: tokens[1]))
            guard merges.count > before else { return }
            tokens = encode(word)
        }
    }

    private func exists(_ token: [UInt8]) -> Bool {
        token.count == 1 || made.contains(token)
    }

    private func encode(_ word: [UInt8]) -> [[UInt8]] {
        var tokens = word.map { [$0] }
        while true {
            var best: (rank: Int, place: Int)?
            for place in tokens.indices.dropLast() {
                guard let rank = ranks[Merge(left: tokens[place], right: tokens[place + 1])] else { continue }
                if rank < best?.rank ?? .max { best = (rank, place) }
            }
            guard let best else { return tokens }
            tokens[best.place] += tokens.remove(at: best.place + 1)
        }
    }
}
