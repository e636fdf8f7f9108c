/// Merges one word's symbols: always the pair of lowest rank, the leftmost of equals, until no pair has a merge.
///
/// Short words use a plain search. Long words (a megabyte without a space, say) use a heap over linked symbols, so that
/// the work grows as n log n and no input can stall the encoder.
struct PairMerger: Sendable {
    private static let longestSearched = 96
    private static let end = UInt32.max

    private var symbols: [Int32] = []
    private var merges: [MergeTable.Merge] = []
    private var next: [UInt32] = []
    private var previous: [UInt32] = []
    private var heap = BinaryHeap<UInt64>()

    /// The length of the longest word that the working memory holds.
    var capacity: Int { symbols.capacity }

    /// Begins a new word.
    mutating func start() {
        symbols.removeAll(keepingCapacity: true)
    }

    /// Adds the word's next symbol.
    @inline(__always)
    mutating func add(_ symbol: Int32) {
        symbols.append(symbol)
    }

    /// Merges the word's symbols and appends what they became to `tokens`.
    mutating func finish(_ table: MergeTable, into tokens: inout [Int32]) {
        merges.removeAll(keepingCapacity: true)
        for index in 0..<max(0, symbols.count - 1) {
            merges.append(table.merge(symbols[index], symbols[index + 1]))
        }
        if symbols.count <= Self.longestSearched {
            search(table)
            tokens.append(contentsOf: symbols)
        } else {
            mergeLinked(table)
            var index: UInt32 = 0
            while index != Self.end {
                tokens.append(symbols[Int(index)])
                index = next[Int(index)]
            }
        }
    }

    private mutating func search(_ table: MergeTable) {
        while true {
            var best = MergeTable.none
            var place = -1
            for index in merges.indices where merges[index] < best {
                best = merges[index]
                place = index
            }
            guard place >= 0 else { return }
            symbols[place] = MergeTable.token(of: best)
            symbols.remove(at: place + 1)
            merges.remove(at: place)
            if place < merges.count { merges[place] = table.merge(symbols[place], symbols[place + 1]) }
            if place > 0 { merges[place - 1] = table.merge(symbols[place - 1], symbols[place]) }
        }
    }

    private mutating func mergeLinked(_ table: MergeTable) {
        let count = UInt32(symbols.count)
        next = (1..<count).map { $0 } + [Self.end]
        previous = [Self.end] + (0..<count - 1)
        merges.append(MergeTable.none)
        heap.removeAll()
        for place in 0..<count { push(place) }
        while let top = heap.pop() {
            let place = Int(UInt32(truncatingIfNeeded: top))
            guard merges[place] != MergeTable.none, merges[place] >> 32 == top >> 32 else { continue }
            let right = Int(next[place])
            symbols[place] = MergeTable.token(of: merges[place])
            next[place] = next[right]
            merges[right] = MergeTable.none
            if next[place] != Self.end { previous[Int(next[place])] = UInt32(place) }
            update(UInt32(place), table)
            if previous[place] != Self.end { update(previous[place], table) }
        }
    }

    private mutating func update(_ place: UInt32, _ table: MergeTable) {
        let right = next[Int(place)]
        merges[Int(place)] =
            right == Self.end ? MergeTable.none : table.merge(symbols[Int(place)], symbols[Int(right)])
        push(place)
    }

    private mutating func push(_ place: UInt32) {
        let merge = merges[Int(place)]
        guard merge != MergeTable.none else { return }
        heap.push((merge >> 32) << 32 | UInt64(place))
    }
}
