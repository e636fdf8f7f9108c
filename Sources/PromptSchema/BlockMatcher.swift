/// Matches zero or more example blocks inside a message.
///
/// Under `fullPrompt` only blocks of the bank match, so that no text of the request can end the examples early. Under
/// the other policies a block is prefix, text up to the first separator, text up to the first suffix.
struct BlockMatcher {
    let prefix: [UInt8]
    let separator: LiteralSearch
    let suffix: LiteralSearch
    let bank: PrefixTable
    let maximum: Int?
    let policy: UnknownExamplePolicy

    /// One recognized block: its bytes, and its row where the bank holds it.
    struct Block {
        let range: Range<Int>
        let row: Int?
    }

    init(_ block: ExampleBlock, policy: UnknownExamplePolicy, lineEndings: LineEndings) {
        let variant = ExampleBlock(
            prefix: lineEndings.applied(to: block.prefix), separator: lineEndings.applied(to: block.separator),
            suffix: lineEndings.applied(to: block.suffix), bank: [])
        prefix = variant.prefix
        separator = LiteralSearch(variant.separator)
        suffix = LiteralSearch(variant.suffix)
        maximum = block.maximum
        self.policy = policy
        bank = PrefixTable(
            block.bank.enumerated().map { row, example in
                let written = Example(
                    input: lineEndings.applied(to: example.input), output: lineEndings.applied(to: example.output))
                return (variant.render(written), row)
            })
    }

    /// Whether two matchers take the same bytes.
    func hasSameBytes(as other: BlockMatcher) -> Bool {
        prefix == other.prefix && separator.pattern == other.separator.pattern
            && suffix.pattern == other.suffix.pattern && bank.keys == other.bank.keys
    }

    /// The ways on from `starts` through blocks and the literal behind them (`nil`: the blocks must reach `end`).
    func advance(
        from starts: [Boundary], in text: [UInt8], end: Int, closing: [UInt8]?
    ) throws(MatchFailure) -> [Boundary] {
        switch policy {
        case .fullPrompt: try advanceKnown(from: starts, in: text, end: end, closing: closing)
        case .keep, .strip: try advanceAny(from: starts, in: text, end: end, closing: closing)
        }
    }

    /// The blocks of a region that `advance` found; fails where the region is not a sequence of blocks.
    func blocks(in region: Range<Int>, of text: [UInt8]) throws(MatchFailure) -> [Block] {
        switch policy {
        case .fullPrompt: knownBlocks(in: region, of: text)
        case .keep, .strip: try anyBlocks(in: region, of: text)
        }
    }
}
