/// The policies `keep` and `strip`: blocks whose texts the bank need not hold.
extension BlockMatcher {
    /// Takes every region that is empty, or opens with a prefix, holds a separator and closes with a suffix.
    ///
    /// That is wider than a sequence of blocks, on purpose: where two such regions fit, the text is ambiguous.
    func advanceAny(
        from starts: [Boundary], in text: [UInt8], end: Int, closing: [UInt8]?
    ) throws(MatchFailure) -> [Boundary] {
        let first = starts.first?.position ?? end
        let tail = closing ?? []
        func closes(_ position: Int) -> Bool {
            closing == nil ? position == end : matches(tail, text, at: position, end: end)
        }
        let empty = starts.enumerated().filter { closes($0.element.position) }.map { index, start in
            Boundary(start.position, ways: start.ways, previous: index)
        }
        let filled = filledRegions(from: starts, in: text, first..<end).filter { closes($0.position) }
        guard !(empty.isEmpty && filled.isEmpty) else {
            let opens = matches(prefix, text, at: first, end: end)
            throw opens ? MatchFailure(.drift, at: first, expected: tail) : .literal(tail, in: text, at: first)
        }
        var ends: [Boundary] = []
        for boundary in (empty + filled).sorted(by: { $0.position < $1.position }) {
            if let last = ends.last, last.position == boundary.position {
                ends[ends.count - 1].ways = 2
            } else {
                ends.append(boundary)
            }
        }
        return ends.map { Boundary($0.position + tail.count, ways: $0.ways, previous: $0.previous) }
    }

    /// The ends of regions with at least one block, ascending, whatever follows them.
    private func filledRegions(from starts: [Boundary], in text: [UInt8], _ range: Range<Int>) -> [Boundary] {
        let separators = separator.places(in: text, range)
        var openings: [(earliest: Int, start: Int)] = []
        var next = 0
        for (index, start) in starts.enumerated() where matches(prefix, text, at: start.position, end: range.upperBound)
        {
            while next < separators.count, separators[next] < start.position + prefix.count { next += 1 }
            guard next < separators.count else { break }
            openings.append((separators[next] + separator.pattern.count + suffix.pattern.count, index))
        }
        var ends: [Boundary] = []
        var ways = 0
        var opened = 0
        for place in suffix.places(in: text, range) {
            let position = place + suffix.pattern.count
            while opened < openings.count, openings[opened].earliest <= position {
                ways = min(2, ways + starts[openings[opened].start].ways)
                opened += 1
            }
            if opened > 0 { ends.append(Boundary(position, ways: ways, previous: openings[0].start)) }
        }
        return ends
    }

    /// Splits a region at the first separator and the first suffix of each block.
    func anyBlocks(in region: Range<Int>, of text: [UInt8]) throws(MatchFailure) -> [Block] {
        var found: [Block] = []
        var position = region.lowerBound
        while position < region.upperBound {
            guard matches(prefix, text, at: position, end: region.upperBound) else {
                throw .literal(prefix, in: text, at: position)
            }
            let input = position + prefix.count
            guard let divider = separator.firstPlace(in: text, input..<region.upperBound) else {
                throw MatchFailure(.drift, at: input, expected: separator.pattern)
            }
            let output = divider + separator.pattern.count
            guard let close = suffix.firstPlace(in: text, output..<region.upperBound) else {
                throw MatchFailure(.drift, at: output, expected: suffix.pattern)
            }
            let end = close + suffix.pattern.count
            let key = bank.prefixes(of: text, at: position, end: end).first { bank.keys[$0].count == end - position }
            found.append(Block(range: position..<end, row: key.map { bank.values[$0][0] }))
            position = end
        }
        return found
    }

    /// Whether a block with these texts is read back as that one block.
    func reads(_ example: Example) -> Bool {
        let input = example.input + separator.pattern
        let output = example.output + suffix.pattern
        return separator.firstPlace(in: input, input.indices) == example.input.count
            && suffix.firstPlace(in: output, output.indices) == example.output.count
    }

    /// The texts of one block.
    func example(in text: [UInt8], _ range: Range<Int>) -> Example? {
        let input = range.lowerBound + prefix.count
        let end = range.upperBound - suffix.pattern.count
        guard input <= end, matches(prefix, text, at: range.lowerBound, end: input),
            let divider = separator.firstPlace(in: text, input..<end),
            matches(suffix.pattern, text, at: end, end: range.upperBound)
        else { return nil }
        return Example(
            input: Array(text[input..<divider]), output: Array(text[(divider + separator.pattern.count)..<end]))
    }
}
