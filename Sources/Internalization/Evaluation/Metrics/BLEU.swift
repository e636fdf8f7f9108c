import Foundation

/// BLEU with several references (Papineni et al., 2002): clipped 1- to 4-gram precisions with equal weights, and the
/// brevity penalty against the reference whose length is nearest (the shorter of two that are equally near).
///
/// The numbers are those of NLTK's `sentence_bleu` and `corpus_bleu`.
public enum BLEU {
    /// What a precision of zero counts as.
    public enum Smoothing: Sendable {
        /// Nothing: one precision of zero makes the score zero.
        case none
        /// Method 1 of Chen and Cherry (2014): 0 out of n counts as 0.1 / n.
        case method1
    }

    /// Counts that add up over a corpus.
    struct Counts {
        var matches = [Int](repeating: 0, count: 4)
        var totals = [Int](repeating: 0, count: 4)
        var length = 0
        var referenceLength = 0

        /// The counts of one candidate. A candidate shorter than n has one n-gram, which matches nothing.
        init<Token: Hashable>(_ candidate: [Token], _ references: [[Token]]) {
            length = candidate.count
            referenceLength =
                references.map(\.count).min {
                    (abs($0 - candidate.count), $0) < (abs($1 - candidate.count), $1)
                } ?? 0
            for size in 1...4 {
                var allowed: [ArraySlice<Token>: Int] = [:]
                for reference in references {
                    for (gram, count) in BLEU.grams(reference, size) { allowed[gram] = max(allowed[gram] ?? 0, count) }
                }
                matches[size - 1] = BLEU.grams(candidate, size).reduce(0) { $0 + min($1.value, allowed[$1.key] ?? 0) }
                totals[size - 1] = max(1, candidate.count - size + 1)
            }
        }

        init() {}

        mutating func add(_ other: Counts) {
            for index in 0..<4 {
                matches[index] += other.matches[index]
                totals[index] += other.totals[index]
            }
            length += other.length
            referenceLength += other.referenceLength
        }

        func score(_ smoothing: Smoothing) -> Double {
            guard matches[0] > 0, length > 0 else { return 0 }
            var logSum = 0.0
            for (match, total) in zip(matches, totals) {
                guard match > 0 || smoothing == .method1 else { return 0 }
                logSum += log((match == 0 ? 0.1 : Double(match)) / Double(total))
            }
            let brevity = length > referenceLength ? 1 : exp(1 - Double(referenceLength) / Double(length))
            return brevity * exp(logSum / 4)
        }
    }

    /// The score of one candidate, 0 to 1.
    public static func sentence<Token: Hashable>(
        _ candidate: [Token], references: [[Token]], smoothing: Smoothing
    ) -> Double {
        Counts(candidate, references).score(smoothing)
    }

    /// The score of all candidates together: counts are added before they are divided.
    public static func corpus<Token: Hashable>(
        _ candidates: [(candidate: [Token], references: [[Token]])], smoothing: Smoothing
    ) -> Double {
        var sum = Counts()
        for item in candidates { sum.add(Counts(item.candidate, item.references)) }
        return sum.score(smoothing)
    }

    private static func grams<Token: Hashable>(_ tokens: [Token], _ size: Int) -> [ArraySlice<Token>: Int] {
        guard tokens.count >= size else { return [:] }
        var counts: [ArraySlice<Token>: Int] = [:]
        for start in 0...tokens.count - size { counts[tokens[start..<start + size], default: 0] += 1 }
        return counts
    }
}
