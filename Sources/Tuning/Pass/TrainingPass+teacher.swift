import Engine
import Foundation

/// A row of a chunk that has a teacher, with the logits that the loss needs before they are overwritten.
struct TaughtRow {
    /// Row within the chunk.
    let index: Int
    let target: Int
    let targetLogit: Float
    let teacher: TokenDistribution
    /// Logits of the teacher's tokens.
    let logits: [Float]
}

extension TrainingPass {
    /// The rows of a chunk that have a teacher; reads `scratch.logits`.
    func taughtRows(_ chunk: ArraySlice<Int>, _ sequence: PackedSequence, classes: Int) -> [TaughtRow] {
        guard sequence.teacherShare > 0, !sequence.teachers.isEmpty else { return [] }
        return chunk.enumerated().compactMap { index, row in
            guard let teacher = sequence.teachers[row] else { return nil }
            let start = index * classes
            let target = Int(sequence.targets[row])
            return TaughtRow(
                index: index, target: target, targetLogit: scratch.logits[start + target], teacher: teacher,
                logits: teacher.tokens.map { scratch.logits[start + Int($0)] })
        }
    }

    /// Turns the loss of taught rows into (1 - share) CE + share * KL(teacher || model), and their gradients with it.
    ///
    /// `scratch.logits` holds weight * (p - onehot) on entry; the gradient of the mixture differs from it by
    /// weight * share * (onehot - q), where q is the teacher's distribution.
    mutating func learn(
        from rows: [TaughtRow], losses: inout [Float], share: Float, weights: [Float], classes: Int
    ) {
        for row in rows {
            let logSum = losses[row.index] + row.targetLogit
            var divergence: Float = 0
            let start = row.index * classes
            let scale = weights[row.index] * share
            scratch.logits[start + row.target] += scale
            for (index, q) in row.teacher.probabilities.enumerated() where q > 0 {
                divergence += q * (log(q) + logSum - row.logits[index])
                scratch.logits[start + Int(row.teacher.tokens[index])] -= scale * q
            }
            losses[row.index] += share * (divergence - losses[row.index])
        }
    }
}
