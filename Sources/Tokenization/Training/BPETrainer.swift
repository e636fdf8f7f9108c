/// Trains a byte-level BPE vocabulary from texts and writes it as a `tokenizer.json` that the Python package reads.
///
/// Ids: special tokens first, then the 256 bytes, then merged tokens in the order of their merges. The same input gives
/// the same bytes: equally frequent pairs are merged lowest ids first.
public struct BPETrainer: Sendable {
    /// The number of tokens to end with, special tokens and bytes included; reached unless the texts run out of pairs.
    public var vocabularySize: Int
    /// Control tokens, which get the ids from 0 on.
    public var specialTokens: [String]
    /// Words that must end up as one token each, whether or not the texts hold them (`" Harlow"`, `"07"`, ...).
    ///
    /// Each must be one word under `pattern`. Their missing merges are appended after those that frequency chose, so
    /// that they disturb nothing else.
    public var requiredTokens: [String]
    /// The rule that cuts texts into words.
    public var pattern: SplitPattern
    /// How often a pair must occur to be merged.
    public var minimumFrequency = 2

    /// A trainer with the given wishes.
    public init(
        vocabularySize: Int, specialTokens: [String] = [], requiredTokens: [String] = [],
        pattern: SplitPattern = .gpt2DigitPairs
    ) {
        self.vocabularySize = vocabularySize
        self.specialTokens = specialTokens
        self.requiredTokens = requiredTokens
        self.pattern = pattern
    }

    /// All two-digit words `"00"` to `"99"`, for ``requiredTokens``.
    public static let digitPairs: [String] = (0..<100).map { ($0 < 10 ? "0" : "") + String($0) }

    /// The bytes of the trained `tokenizer.json`.
    public func train(_ texts: some Sequence<[UInt8]>) throws(TokenizationError) -> [UInt8] {
        try check()
        let mergeCount = vocabularySize - specialTokens.count - 256
        var learner = PairLearner(counting: texts, pattern: pattern)
        var natural: [PairLearner.Pair] = []
        while learner.tokens.count - 256 < mergeCount, let pair = learner.next(minimumFrequency: minimumFrequency) {
            natural.append(pair)
        }
        let merges = try withRequired(natural, learner.tokens, limit: mergeCount)
        return TokenizerWriter(specialTokens: specialTokens, pattern: pattern, merges: merges).json()
    }

    private func check() throws(TokenizationError) {
        guard vocabularySize >= specialTokens.count + 256 else {
            throw .untrainable(
                reason:
                    "a vocabulary of \(vocabularySize) cannot hold 256 bytes and \(specialTokens.count) special tokens")
        }
        guard Set(specialTokens.map { Array($0.utf8) }).count == specialTokens.count, !specialTokens.contains("") else {
            throw .untrainable(reason: "special tokens must differ from each other and from the empty text")
        }
        for token in specialTokens where ByteAlphabet.bytes(of: Array(token.utf8))?.count == 1 {
            throw .untrainable(reason: "the special token \"\(token)\" is a single byte, which ordinary text produces")
        }
        let scanner = WordScanner(pattern: pattern)
        for token in requiredTokens {
            let bytes = Array(token.utf8)
            guard !bytes.isEmpty, scanner.wordEnd(in: bytes.span, from: 0) == bytes.count else {
                throw .untrainable(reason: "the required token \"\(token)\" is not one word under the split pattern")
            }
        }
    }

    /// The merges to write: as many natural ones as leave room for the required tokens, those of the required tokens,
    /// and then natural ones again up to the limit.
    private func withRequired(
        _ natural: [PairLearner.Pair], _ tokens: [[UInt8]], limit: Int
    ) throws(TokenizationError) -> [MergeList.Merge] {
        let named = natural.map { MergeList.Merge(left: tokens[Int($0.left)], right: tokens[Int($0.right)]) }
        var kept = named.count
        while true {
            var list = MergeList(specialTokens: specialTokens, merges: named[..<kept])
            for token in requiredTokens { list.require(Array(token.utf8)) }
            if list.tokenCount > limit {
                let excess = list.tokenCount - limit
                guard kept > 0 else {
                    throw .untrainable(reason: "the required tokens alone need \(excess) more places in the vocabulary")
                }
                kept = max(0, kept - excess)
                continue
            }
            for merge in named[kept...] where list.tokenCount < limit { list.append(merge) }
            return list.merges
        }
    }
}
