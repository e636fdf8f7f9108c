/// The policy `fullPrompt`: a sequence of blocks that the bank holds.
extension BlockMatcher {
    /// A position that a sequence of known blocks ends at, and the way there.
    struct Node {
        let position: Int
        /// The number of ways there; two stands for many.
        var ways: Int
        /// The node before the last block, or -1 where no block was taken yet.
        let before: Int
        /// Which of the starts the sequence began at.
        let start: Int
        /// The bank row of the last block, or -1.
        let row: Int
    }

    func advanceKnown(
        from starts: [Boundary], in text: [UInt8], end: Int, closing: [UInt8]?
    ) throws(MatchFailure) -> [Boundary] {
        let nodes = walk(from: starts, in: text, end: end)
        var ends: [Boundary] = []
        for node in nodes {
            if let closing {
                guard matches(closing, text, at: node.position, end: end) else { continue }
                ends.append(Boundary(node.position + closing.count, ways: node.ways, previous: node.start))
            } else if node.position == end {
                ends.append(Boundary(end, ways: node.ways, previous: node.start))
            }
        }
        if ends.isEmpty, let last = nodes.last { throw failure(in: text, at: last.position, end: end, closing) }
        return ends
    }

    /// The blocks on the only way through the region.
    func knownBlocks(in region: Range<Int>, of text: [UInt8]) -> [Block] {
        let nodes = walk(from: [Boundary(region.lowerBound)], in: text, end: region.upperBound)
        var blocks: [Block] = []
        var index = nodes.lastIndex { $0.position == region.upperBound } ?? -1
        while index >= 0, nodes[index].before >= 0 {
            let before = nodes[index].before
            blocks.append(Block(range: nodes[before].position..<nodes[index].position, row: nodes[index].row))
            index = before
        }
        return blocks.reversed()
    }

    /// Every position that known blocks lead to, ascending.
    private func walk(from starts: [Boundary], in text: [UInt8], end: Int) -> [Node] {
        var nodes: [Node] = []
        var ahead: [Node] = []
        func add(_ node: Node) {
            // Sorted, and short: it holds only ends of blocks that begin at or before the current position.
            var slot = ahead.count
            while slot > 0, ahead[slot - 1].position < node.position { slot -= 1 }
            if slot > 0, ahead[slot - 1].position == node.position {
                ahead[slot - 1].ways = 2
            } else {
                ahead.insert(node, at: slot)
            }
        }
        var nextStart = 0
        while nextStart < starts.count || !ahead.isEmpty {
            if nextStart < starts.count, starts[nextStart].position <= ahead.last?.position ?? Int.max {
                let start = starts[nextStart]
                add(Node(position: start.position, ways: start.ways, before: -1, start: nextStart, row: -1))
                nextStart += 1
                continue
            }
            let node = ahead.removeLast()
            nodes.append(node)
            for key in bank.prefixes(of: text, at: node.position, end: end) {
                add(
                    Node(
                        position: node.position + bank.keys[key].count, ways: node.ways, before: nodes.count - 1,
                        start: node.start, row: bank.values[key][0]))
            }
        }
        return nodes
    }

    /// Why the examples cannot go on at `position`: an unknown block, or neither a block nor what closes them.
    func failure(in text: [UInt8], at position: Int, end: Int, _ closing: [UInt8]?) -> MatchFailure {
        if position < end, !prefix.isEmpty, matches(prefix, text, at: position, end: end) {
            return MatchFailure(.unknownExample, at: position)
        }
        return .literal(closing ?? prefix, in: text, at: position)
    }
}
