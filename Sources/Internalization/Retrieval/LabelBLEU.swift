import Foundation

/// Sentence BLEU between two labels: 1- to 4-gram precisions, equal weights, brevity penalty, smoothing method 1 of
/// Chen and Cherry (2014): a precision of 0 out of n counts as 0.1 / n.
///
/// Tokens are the words of `BM25`, so that codes and names in formulas and commands count as one. Two different n-grams
/// are taken for equal only if 64-bit hashes of them are.
public enum LabelBLEU {
    /// A label prepared for many comparisons: for each n the sorted hashes of its n-grams.
    public struct Label: Sendable {
        fileprivate let length: Int
        fileprivate let grams: [[UInt64]]

        /// Prepares a label.
        public init(_ text: String) {
            self.init(words: BM25.words(text))
        }

        init(words: [String]) {
            length = words.count
            let hashes = words.map(stableHash)
            grams = (1...4).map { size in
                guard hashes.count >= size else { return [] }
                return (0...hashes.count - size).map { start in
                    hashes[start..<start + size].reduce(UInt64(size)) { ($0 ^ $1) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
                }.sorted()
            }
        }
    }

    /// The score of a candidate against one reference, 0...1.
    public static func score(candidate: String, reference: String) -> Double {
        score(Label(candidate), reference: Label(reference))
    }

    /// The score of a prepared candidate against one prepared reference, 0...1.
    public static func score(_ candidate: Label, reference: Label) -> Double {
        guard candidate.length > 0, reference.length > 0 else { return 0 }
        var logSum = 0.0
        for size in 1...4 {
            let matches = common(candidate.grams[size - 1], reference.grams[size - 1])
            if size == 1 && matches == 0 { return 0 }
            let total = Double(max(1, candidate.length - size + 1))
            logSum += log((matches == 0 ? 0.1 : Double(matches)) / total)
        }
        let brevity =
            candidate.length >= reference.length
            ? 1 : exp(1 - Double(reference.length) / Double(candidate.length))
        return brevity * exp(logSum / 4)
    }

    /// The size of the common multiset of two sorted lists.
    private static func common(_ left: [UInt64], _ right: [UInt64]) -> Int {
        var count = 0
        var i = 0
        var j = 0
        while i < left.count && j < right.count {
            if left[i] == right[j] {
                count += 1
                i += 1
                j += 1
            } else if left[i] < right[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return count
    }
}
