/// Finds the most frequent neighbouring pair, merges it everywhere, and so on: the learning part of BPE.
///
/// Works on distinct words with their counts. Pair counts live in a heap whose entries may be out of date; an entry is
/// checked when it comes to the top (as in the Python package's trainer).
struct PairLearner {
    struct Pair: Hashable {
        var left: Int32
        var right: Int32
    }

    private struct Word {
        var symbols: [Int32]
        var count: Int
    }

    /// The more frequent comes first, of equals the one of older symbols.
    private struct Candidate: Comparable {
        var pair: Pair
        var count: Int

        static func < (left: Candidate, right: Candidate) -> Bool {
            if left.count != right.count { return left.count > right.count }
            return (left.pair.left, left.pair.right) < (right.pair.left, right.pair.right)
        }
    }

    /// The bytes of every symbol: 256 bytes first, then the merged ones in order.
    private(set) var tokens: [[UInt8]] = (UInt8.min...UInt8.max).map { [$0] }
    private var words: [Word] = []
    private var counts: [Pair: Int] = [:]
    private var places: [Pair: Set<Int>] = [:]
    private var heap = BinaryHeap<Candidate>()
    private var symbolOfToken: [[UInt8]: Int32] = [:]

    init(counting texts: some Sequence<[UInt8]>, pattern: SplitPattern) {
        words = Self.countWords(texts, pattern)
        for (place, word) in words.enumerated() {
            for (left, right) in zip(word.symbols, word.symbols.dropFirst()) {
                counts[Pair(left: left, right: right), default: 0] += word.count
                places[Pair(left: left, right: right), default: []].insert(place)
            }
        }
        for (pair, count) in counts { heap.push(Candidate(pair: pair, count: count)) }
    }

    private static func countWords(_ texts: some Sequence<[UInt8]>, _ pattern: SplitPattern) -> [Word] {
        let scanner = WordScanner(pattern: pattern)
        var counts: [[UInt8]: Int] = [:]
        for text in texts {
            let span = text.span
            var start = 0
            while start < span.count {
                let end = scanner.wordEnd(in: span, from: start)
                counts[Array(text[start..<end]), default: 0] += 1
                start = end
            }
        }
        return counts.map { Word(symbols: $0.key.map(Int32.init), count: $0.value) }
    }

    /// Merges the most frequent pair and answers it, or nil if none occurs `minimumFrequency` times.
    mutating func next(minimumFrequency: Int) -> Pair? {
        while let top = heap.pop() {
            let count = counts[top.pair] ?? 0
            guard count == top.count else {
                if count >= minimumFrequency { heap.push(Candidate(pair: top.pair, count: count)) }
                continue
            }
            guard count >= max(1, minimumFrequency) else { return nil }
            merge(top.pair)
            return top.pair
        }
        return nil
    }

    private mutating func merge(_ pair: Pair) {
        let symbol = symbol(for: tokens[Int(pair.left)] + tokens[Int(pair.right)])
        var grown: Set<Pair> = []
        for place in places[pair] ?? [] {
            let old = words[place].symbols
            let new = Self.replacing(pair, by: symbol, in: old)
            let count = words[place].count
            for (left, right) in zip(old, old.dropFirst()) {
                counts[Pair(left: left, right: right), default: 0] -= count
            }
            for (left, right) in zip(new, new.dropFirst()) {
                let pair = Pair(left: left, right: right)
                counts[pair, default: 0] += count
                if left == symbol || right == symbol {
                    grown.insert(pair)
                    places[pair, default: []].insert(place)
                }
            }
            words[place].symbols = new
        }
        counts[pair] = nil
        places[pair] = nil
        for pair in grown { heap.push(Candidate(pair: pair, count: counts[pair] ?? 0)) }
    }

    private mutating func symbol(for token: [UInt8]) -> Int32 {
        if let known = symbolOfToken[token] { return known }
        let symbol = Int32(tokens.count)
        symbolOfToken[token] = symbol
        tokens.append(token)
        return symbol
    }

    private static func replacing(_ pair: Pair, by symbol: Int32, in symbols: [Int32]) -> [Int32] {
        var result: [Int32] = []
        result.reserveCapacity(symbols.count)
        var index = 0
        while index < symbols.count {
            if index + 1 < symbols.count, symbols[index] == pair.left, symbols[index + 1] == pair.right {
                result.append(symbol)
                index += 2
            } else {
                result.append(symbols[index])
                index += 1
            }
        }
        return result
    }
}
