public import Randomness

/// Exchanges a row's arguments for others of their kind, in query and answer alike, so that a model learns to copy an
/// argument instead of learning the few thousand that the data holds.
///
/// An argument is a word that stands in the query and, as a whole, in the answer: a number, a path, a file name or
/// pattern, a quoted or rare word. Replacements come from other rows; some words are made up.
public struct ArgumentSwap: Sendable {
    /// What can take whose place.
    enum Kind: Hashable, Sendable {
        case number(digits: Int)
        case absolutePath
        case homePath
        case path
        case pattern
        case hidden
        case file
        case word
    }

    private let pools: [Kind: [[UInt8]]]
    private let frequencies: [[UInt8]: Int]
    private let rareLimit: Int

    /// Collects the arguments of some rows.
    public init(_ rows: [TaskRow]) {
        var frequencies: [[UInt8]: Int] = [:]
        for row in rows {
            for word in Set(QueryWord.words(of: Array(row.query.utf8)).map(\.text)) {
                frequencies[word, default: 0] += 1
            }
        }
        let rareLimit = max(2, rows.count / 400)
        self.frequencies = frequencies
        self.rareLimit = rareLimit
        var pools: [Kind: [[UInt8]]] = [:]
        for row in rows {
            let answer = Array(row.answer.utf8)
            for word in QueryWord.words(of: Array(row.query.utf8)) {
                guard Self.occurs(word.text, in: answer), Self.isArgument(word, frequencies, rareLimit) else {
                    continue
                }
                pools[Self.kind(word.text), default: []].append(word.text)
            }
        }
        self.pools = pools
    }

    /// The row with some of its arguments exchanged; the same row when it has none.
    public func swapped(_ row: TaskRow, random: inout SplitMix64) -> TaskRow {
        var query = Array(row.query.utf8)
        var answer = Array(row.answer.utf8)
        var seen: Set<[UInt8]> = []
        var swaps: [(from: [UInt8], to: [UInt8])] = []
        for word in QueryWord.words(of: query) where seen.insert(word.text).inserted {
            guard Self.occurs(word.text, in: answer), Self.isArgument(word, frequencies, rareLimit), random.unit() < 0.8
            else {
                continue
            }
            let other = replacement(for: word.text, random: &random)
            if !Self.occurs(other, in: query), !swaps.contains(where: { $0.to == other }) {
                swaps.append((word.text, other))
            }
        }
        // Longest first: a shorter argument may be a part of a longer one.
        for (from, to) in swaps.sorted(by: { $0.from.count > $1.from.count }) {
            query = Self.replacing(from, by: to, in: query)
            answer = Self.replacing(from, by: to, in: answer)
        }
        return TaskRow(
            query: String(decoding: query, as: UTF8.self), answer: String(decoding: answer, as: UTF8.self),
            group: row.group)
    }

    /// The query with a share of its plain words left out, those that the answer holds excepted.
    static func dropping(_ share: Double, from row: TaskRow, random: inout SplitMix64) -> TaskRow {
        let answer = Array(row.answer.utf8)
        var kept: [[UInt8]] = []
        for word in Array(row.query.utf8).split(separator: 0x20).map(Array.init) {
            let plain = word.allSatisfy(isLetter) && !occurs(word, in: answer)
            if plain && random.unit() < share { continue }
            kept.append(word)
        }
        guard !kept.isEmpty else { return row }
        let query = String(decoding: Array(kept.joined(separator: [0x20])), as: UTF8.self)
        return TaskRow(query: query, answer: row.answer, group: row.group)
    }

    private static func isArgument(_ word: QueryWord, _ frequencies: [[UInt8]: Int], _ rareLimit: Int) -> Bool {
        guard word.text.count > 1 || word.text.first.map(isDigit) == true else { return false }
        if kind(word.text) != .word || word.isQuoted { return true }
        return word.text.count > 2 && frequencies[word.text, default: 0] <= rareLimit
    }

    private func replacement(for word: [UInt8], random: inout SplitMix64) -> [UInt8] {
        let kind = Self.kind(word)
        let made = random.unit()
        switch kind {
        case .word where made < 0.3: return madeUp(&random)
        case .hidden where made < 0.2: return [UInt8(ascii: ".")] + madeUp(&random)
        case .file where made < 0.2: return madeUp(&random) + [UInt8(ascii: ".")] + madeUp(&random).prefix(3)
        case .absolutePath where made < 0.2:
            return [UInt8(ascii: "/")] + madeUp(&random) + [UInt8(ascii: "/")] + madeUp(&random)
        default:
            guard let pool = pools[kind], !pool.isEmpty else { return word }
            return pool[random.below(pool.count)]
        }
    }

    /// A pronounceable word of two to eight letters.
    private func madeUp(_ random: inout SplitMix64) -> [UInt8] {
        let consonants = Array("bcdfghjklmnprstvwxz".utf8)
        let vowels = Array("aeiouy".utf8)
        var word: [UInt8] = []
        for _ in 0..<1 + random.below(4) {
            word.append(consonants[random.below(consonants.count)])
            word.append(vowels[random.below(vowels.count)])
        }
        return word
    }

    static func kind(_ word: [UInt8]) -> Kind {
        if word.allSatisfy(isDigit) { return .number(digits: word.count) }
        if word.contains(UInt8(ascii: "*")) || word.contains(UInt8(ascii: "?")) { return .pattern }
        if word.contains(UInt8(ascii: "/")) {
            switch word[0] {
            case UInt8(ascii: "/"): return .absolutePath
            case UInt8(ascii: "~"), UInt8(ascii: "$"): return .homePath
            default: return .path
            }
        }
        if word[0] == UInt8(ascii: ".") { return .hidden }
        return word.contains(UInt8(ascii: ".")) ? .file : .word
    }

    /// Whether the word stands in the text with no letter, digit or underscore at either side.
    static func occurs(_ word: [UInt8], in text: [UInt8]) -> Bool {
        place(of: word, in: text, from: 0) != nil
    }

    private static func replacing(_ word: [UInt8], by other: [UInt8], in text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var start = 0
        while let place = place(of: word, in: text, from: start) {
            result += text[start..<place] + other
            start = place + word.count
        }
        return result + text[start...]
    }

    private static func place(of word: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        guard !word.isEmpty, text.count - start >= word.count else { return nil }
        for place in start...text.count - word.count where text[place] == word[0] {
            let end = place + word.count
            let free = (place == 0 || !isWordByte(text[place - 1])) && (end == text.count || !isWordByte(text[end]))
            if free && text[place..<end].elementsEqual(word) { return place }
        }
        return nil
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: "_")
    }
}

/// A word of a query without the quotation marks and punctuation around it.
struct QueryWord {
    let text: [UInt8]
    let isQuoted: Bool

    static func words(of query: [UInt8]) -> [QueryWord] {
        let marks = Set("\"'`".utf8)
        let leading = marks.union("([{".utf8)
        let trailing = marks.union(")]},;:?!.".utf8)
        return query.split(separator: 0x20).compactMap { part in
            var word = part
            while let first = word.first, leading.contains(first) { word.removeFirst() }
            while let last = word.last, trailing.contains(last) { word.removeLast() }
            guard !word.isEmpty else { return nil }
            let isQuoted = part.first.map(marks.contains) == true && part.contains { marks.contains($0) }
            return QueryWord(text: Array(word), isQuoted: isQuoted)
        }
    }
}
