import Engine
import Foundation

/// log p of every class under some logits.
func logSoftmax(_ logits: ArraySlice<Float>) -> [Float] {
    let highest = logits.max() ?? 0
    let logSum = highest + log(logits.reduce(0) { $0 + exp($1 - highest) })
    return logits.map { $0 - logSum }
}

/// A row of a chunk that has a guide, with its own log-probabilities, taken before the logits are overwritten.
struct GuidedRow {
    /// Row within the chunk.
    let index: Int
    let guide: [Float]
    let own: [Float]
}

extension TrainingPass {
    /// The rows of a chunk that have a guide; reads `scratch.logits`.
    func guidedRows(_ chunk: ArraySlice<Int>, _ sequence: PackedSequence, classes: Int) -> [GuidedRow] {
        guard !sequence.guides.isEmpty else { return [] }
        return chunk.enumerated().compactMap { index, row in
            sequence.guides[row].map { guide in
                GuidedRow(
                    index: index, guide: guide,
                    own: logSoftmax(scratch.logits[index * classes..<(index + 1) * classes]))
            }
        }
    }

    /// Sets the loss of guided rows to KL(model || guide) = sum over tokens v of p(v) (log p(v) - log q(v)), and the
    /// gradients in `scratch.logits` to weight * p(v) (log p(v) - log q(v) - KL).
    mutating func follow(_ rows: [GuidedRow], losses: inout [Float], weights: [Float], classes: Int) {
        for row in rows {
            let probabilities = row.own.map { exp($0) }
            var divergence: Float = 0
            for token in 0..<classes { divergence += probabilities[token] * (row.own[token] - row.guide[token]) }
            losses[row.index] = divergence
            let start = row.index * classes
            for token in 0..<classes {
                scratch.logits[start + token] =
                    weights[row.index] * probabilities[token] * (row.own[token] - row.guide[token] - divergence)
            }
        }
    }
}
