import Foundation

/// Okapi BM25 over short texts: k1 1.2, b 0.75, idf ln(1 + (N - n + 0.5) / (n + 0.5)), each query word once.
///
/// Words are runs of letters, digits and `_./*$~-`, lower-cased, or single other visible characters. Ties go to the
/// lower row.
public struct BM25: Sendable {
    private let postings: [String: [(row: Int, count: Double)]]
    private let lengths: [Double]
    private let meanLength: Double

    /// Indexes the texts; row numbers are positions in the array.
    public init(_ texts: [String]) {
        var postings: [String: [(row: Int, count: Double)]] = [:]
        var lengths: [Double] = []
        for (row, text) in texts.enumerated() {
            let words = Self.words(text)
            lengths.append(Double(words.count))
            for (word, count) in Dictionary(words.map { ($0, 1.0) }, uniquingKeysWith: +) {
                postings[word, default: []].append((row, count))
            }
        }
        self.postings = postings
        self.lengths = lengths
        meanLength = lengths.isEmpty ? 0 : lengths.reduce(0, +) / Double(lengths.count)
    }

    /// The best rows for a query, best first; rows that share no word with it never appear.
    public func search(_ query: String, limit: Int, excluding: (Int) -> Bool = { _ in false }) -> [Int] {
        var scores: [Int: Double] = [:]
        for word in Set(Self.words(query)).sorted() {
            guard let rows = postings[word] else { continue }
            let matching = Double(rows.count)
            let weight = log(1 + (Double(lengths.count) - matching + 0.5) / (matching + 0.5))
            for (row, count) in rows {
                let norm = 1.2 * (0.25 + 0.75 * lengths[row] / meanLength)
                scores[row, default: 0] += weight * count * 2.2 / (count + norm)
            }
        }
        let ranked = scores.filter { !excluding($0.key) }.sorted {
            $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value
        }
        return ranked.prefix(limit).map(\.key)
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
