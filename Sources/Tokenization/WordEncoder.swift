/// Working memory of one encoding, kept between calls.
struct EncodingScratch: Sendable {
    var cache = WordCache()
    var merger = PairMerger()

    /// Gives back the memory that an unusually long word took.
    mutating func trim() {
        if merger.capacity > 1 << 16 { merger = PairMerger() }
    }
}

/// Turns text without added tokens into ids: cut into words, look each word up, merge the ones not remembered.
struct WordEncoder: Sendable {
    private let scanner: WordScanner
    private let tokenOfByte: [Int32]
    private let merges: MergeTable
    /// Words that are a token as a whole and skip the merges; empty unless the file asks for it.
    private let wholeWords: [[UInt8]: Int32]

    init(_ definition: TokenizerDefinition) {
        scanner = WordScanner(pattern: definition.pattern)
        tokenOfByte = definition.tokenOfByte
        merges = definition.merges
        wholeWords = definition.ignoresMerges ? Self.wholeWords(definition) : [:]
    }

    private static func wholeWords(_ definition: TokenizerDefinition) -> [[UInt8]: Int32] {
        let specials = Set(definition.addedTokens.filter(\.isSpecial).map(\.id))
        var words: [[UInt8]: Int32] = [:]
        for (spelling, token) in definition.vocabulary where !specials.contains(token) {
            if let bytes = ByteAlphabet.bytes(of: spelling) { words[bytes] = token }
        }
        return words
    }

    /// Appends the tokens of `text`.
    func append(_ text: Span<UInt8>, to tokens: inout [Int32], _ scratch: inout EncodingScratch) {
        var start = 0
        while start < text.count {
            let end = scanner.wordEnd(in: text, from: start)
            if end - start <= WordCache.longestWord {
                let key = WordCache.Key(text, start, end)
                if !scratch.cache.append(key, to: &tokens) {
                    let first = tokens.count
                    appendWord(text, start, end, to: &tokens, &scratch)
                    scratch.cache.remember(key, tokens[first...])
                }
            } else {
                appendWord(text, start, end, to: &tokens, &scratch)
            }
            start = end
        }
    }

    private func appendWord(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, to tokens: inout [Int32], _ scratch: inout EncodingScratch
    ) {
        if !wholeWords.isEmpty, let token = wholeWords[(start..<end).map { text[$0] }] {
            tokens.append(token)
            return
        }
        scratch.merger.start()
        for index in start..<end { scratch.merger.add(tokenOfByte[Int(text[index])]) }
        scratch.merger.finish(merges, into: &tokens)
    }
}
