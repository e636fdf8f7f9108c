import Foundation

/// Okapi BM25 over short texts: k1 1.2, b 0.75, idf ln(1 + (N - n + 0.5) / (n + 0.5)), each query word once.
///
/// Words are runs of letters, digits and `_./*$~-`, lower-cased, or single other visible characters. Ties go to the
/// lower row.
public struct BM25: Sendable {
    private struct Posting {
        let row: Int32
        /// count * 2.2 / (count + norm of the row).
        let weight: Double
    }

    private let postings: [String: [Posting]]
    private let count: Int

    /// Indexes the texts; row numbers are positions in the array.
    public init(_ texts: [String]) {
        var counts: [String: [(row: Int32, count: Double)]] = [:]
        var lengths: [Double] = []
        for (row, text) in texts.enumerated() {
            let words = Self.words(text)
            lengths.append(Double(words.count))
            for (word, count) in Dictionary(words.map { ($0, 1.0) }, uniquingKeysWith: +) {
                counts[word, default: []].append((Int32(row), count))
            }
        }
        let mean = lengths.isEmpty ? 0 : lengths.reduce(0, +) / Double(lengths.count)
        postings = counts.mapValues { rows in
            rows.map { row, count in
                Posting(
                    row: row, weight: count * 2.2 / (count + 1.2 * (0.25 + 0.75 * lengths[Int(row)] / mean)))
            }
        }
        count = texts.count
    }

    /// The best rows for a query, best first; rows that share no word with it never appear.
    public func search(_ query: String, limit: Int, excluding: (Int) -> Bool = { _ in false }) -> [Int] {
        guard limit > 0 else { return [] }
        var scores = [Double](repeating: 0, count: count)
        for word in Set(Self.words(query)).sorted() {
            guard let rows = postings[word] else { continue }
            let matching = Double(rows.count)
            let weight = log(1 + (Double(count) - matching + 0.5) / (matching + 0.5))
            for posting in rows { scores[Int(posting.row)] += weight * posting.weight }
        }
        var best = BestRows(limit: limit)
        for (row, score) in scores.enumerated() where score > best.threshold && !excluding(row) {
            best.insert(row, score)
        }
        return best.rows
    }

    /// The words of a text, in order.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        for scalar in text.lowercased().unicodeScalars {
            let isWord =
                ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
                || ["_", ".", "/", "*", "$", "~", "-"].contains(scalar)
            if isWord {
                word.unicodeScalars.append(scalar)
                continue
            }
            if !word.isEmpty { words.append(word) }
            word = ""
            if !scalar.properties.isWhitespace { words.append(String(scalar)) }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}

/// The rows with the highest scores above 0, best first; of equal ones, those that were inserted first.
struct BestRows {
    private let limit: Int
    private var found: [(row: Int, score: Double)] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// A row is inserted only if its score is above this.
    private(set) var threshold = 0.0

    var rows: [Int] { found.map(\.row) }

    mutating func insert(_ row: Int, _ score: Double) {
        guard score > threshold else { return }
        var low = 0
        var high = found.count
        while low < high {
            let middle = (low + high) / 2
            if found[middle].score >= score { low = middle + 1 } else { high = middle }
        }
        found.insert((row, score), at: low)
        if found.count > limit { found.removeLast() }
        if found.count == limit { threshold = found[limit - 1].score }
    }
}
