import Foundation

/// The likeliest next tokens of a model and their probabilities, which add up to 1.
public struct TokenDistribution: Sendable, Equatable {
    /// Token ids, the likeliest first.
    public let tokens: [Int32]
    /// Their probabilities, made to add up to 1.
    public let probabilities: [Float]

    /// A distribution over some tokens; the probabilities are divided by their sum.
    public init(tokens: [Int32], probabilities: [Float]) {
        precondition(!tokens.isEmpty && tokens.count == probabilities.count, "a token needs a probability")
        self.tokens = tokens
        let sum = probabilities.reduce(0, +)
        self.probabilities = probabilities.map { $0 / sum }
    }

    /// The `count` likeliest tokens under some logits; of equal ones the lower ids.
    init(logits: ArraySlice<Float>, count: Int) {
        let start = logits.startIndex
        let order = logits.indices.sorted { logits[$0] == logits[$1] ? $0 < $1 : logits[$0] > logits[$1] }
        let chosen = order.prefix(count)
        let highest = chosen.first.map { logits[$0] } ?? 0
        self.init(
            tokens: chosen.map { Int32($0 - start) }, probabilities: chosen.map { exp(logits[$0] - highest) })
    }
}
