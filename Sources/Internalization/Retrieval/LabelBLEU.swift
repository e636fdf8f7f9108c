import Foundation

/// Sentence BLEU between two labels: 1- to 4-gram precisions, equal weights, brevity penalty, smoothing method 1 of
/// Chen and Cherry (2014): a precision of 0 out of n counts as 0.1 / n.
///
/// Tokens are the words of `BM25`, so that codes and names in formulas and commands count as one.
public enum LabelBLEU {
    /// The score of a candidate against one reference, 0...1.
    public static func score(candidate: String, reference: String) -> Double {
        score(candidate: BM25.words(candidate), reference: BM25.words(reference))
    }

    static func score(candidate: [String], reference: [String]) -> Double {
        guard !candidate.isEmpty, !reference.isEmpty else { return 0 }
        var logSum = 0.0
        for length in 1...4 {
            let own = grams(candidate, length)
            let other = grams(reference, length)
            let matches = own.reduce(0) { $0 + min($1.value, other[$1.key] ?? 0) }
            if length == 1 && matches == 0 { return 0 }
            let total = Double(max(1, candidate.count - length + 1))
            logSum += log((matches == 0 ? 0.1 : Double(matches)) / total)
        }
        let brevity =
            candidate.count >= reference.count ? 1 : exp(1 - Double(reference.count) / Double(candidate.count))
        return brevity * exp(logSum / 4)
    }

    private static func grams(_ words: [String], _ length: Int) -> [[String]: Int] {
        guard words.count >= length else { return [:] }
        var counts: [[String]: Int] = [:]
        for start in 0...words.count - length { counts[Array(words[start..<start + length]), default: 0] += 1 }
        return counts
    }
}
