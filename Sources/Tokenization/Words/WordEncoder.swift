/// Working memory of one encoding, kept between calls.
struct EncodingScratch: Sendable {
    var cache = WordCache()
    var merger = PairMerger()
    /// The lengths in bytes of the unknown stretches of the last text, in order.
    var unknowns: [Int] = []

    /// Gives back the memory that an unusually long word took.
    mutating func trim() {
        unknowns = []
        if merger.capacity > 1 << 16 { merger = PairMerger() }
    }
}

/// Turns normalized text without added tokens into ids: cut into words, look each word up, merge the ones not
/// remembered.
struct WordEncoder: Sendable {
    private let steps: [SplitStep]
    /// The one step, where it is one of the published expressions.
    private let scanner: WordScanner?
    /// Where to cut when no step does; nil leaves the text whole.
    private let cuts: SpaceCuts?
    private let symbols: SymbolTable
    private let merges: MergeTable
    /// Words that are a token as a whole and skip the merges; empty unless the file asks for it.
    private let wholeWords: [[UInt8]: Int32]

    init(_ definition: TokenizerDefinition) {
        steps = definition.steps
        if steps.count == 1, case .words(let scanner) = steps[0].pattern {
            self.scanner = scanner
        } else {
            scanner = nil
        }
        symbols = definition.symbols
        merges = definition.merges
        wholeWords = definition.ignoresMerges ? Self.wholeWords(definition) : [:]
        let isWhole = steps.isEmpty && !definition.ignoresMerges && !definition.symbols.isByteLevel
        cuts = isWhole ? SpaceCuts(definition.vocabulary) : nil
    }

    private static func wholeWords(_ definition: TokenizerDefinition) -> [[UInt8]: Int32] {
        let specials = Set(definition.addedTokens.filter(\.isSpecial).map(\.id))
        var words: [[UInt8]: Int32] = [:]
        for (spelling, token) in definition.vocabulary where !specials.contains(token) {
            if let bytes = definition.symbols.isByteLevel ? ByteAlphabet.bytes(of: spelling) : spelling {
                words[bytes] = token
            }
        }
        return words
    }

    /// Appends the tokens of `text`.
    func append(_ text: Span<UInt8>, to tokens: inout [Int32], _ scratch: inout EncodingScratch) {
        if scanner == nil, !steps.isEmpty { return appendSplit(text, to: &tokens, &scratch) }
        var start = 0
        while start < text.count {
            let end =
                scanner?.wordEnd(in: text, from: start) ?? cuts?.wordEnd(in: text, from: start) ?? text.count
            append(text, start, end, to: &tokens, &scratch)
            start = end
        }
    }

    private func appendSplit(_ text: Span<UInt8>, to tokens: inout [Int32], _ scratch: inout EncodingScratch) {
        var words = text.isEmpty ? [] : [0..<text.count]
        for step in steps {
            var next: [Range<Int>] = []
            next.reserveCapacity(words.count)
            for word in words { next += step.split(word, of: text) }
            words = next
        }
        for word in words { append(text, word.lowerBound, word.upperBound, to: &tokens, &scratch) }
    }

    @inline(__always)
    private func append(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, to tokens: inout [Int32], _ scratch: inout EncodingScratch
    ) {
        guard end - start <= WordCache.longestWord else { return appendWord(text, start, end, to: &tokens, &scratch) }
        let key = WordCache.Key(text, start, end)
        guard !scratch.cache.append(key, to: &tokens) else { return }
        let first = tokens.count
        let unknowns = scratch.unknowns.count
        appendWord(text, start, end, to: &tokens, &scratch)
        if scratch.unknowns.count == unknowns { scratch.cache.remember(key, tokens[first...]) }
    }

    private func appendWord(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, to tokens: inout [Int32], _ scratch: inout EncodingScratch
    ) {
        if !wholeWords.isEmpty, let token = wholeWords[(start..<end).map { text[$0] }] {
            tokens.append(token)
            return
        }
        scratch.merger.start()
        switch symbols {
        case .bytes(let tokenOfByte):
            for index in start..<end { scratch.merger.add(tokenOfByte[Int(text[index])]) }
        case .characters(let characters):
            characters.add(text, start..<end, to: &scratch.merger, unknowns: &scratch.unknowns)
        }
        scratch.merger.finish(merges, into: &tokens)
    }
}
