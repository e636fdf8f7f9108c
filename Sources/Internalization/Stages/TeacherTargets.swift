import Engine
import Tuning

/// What the full-prompt teacher predicts at every token of every label: computed once, stored, the same in all stages,
/// because the label's tokens are.
struct TeacherTargets: Sendable {
    /// For each row, one distribution for each token of its label.
    let rows: [[TokenDistribution]]

    /// Runs the teacher over the full prompts, a few at a time.
    init(teacher: Trainer, prompts: [EncodedExample], top: Int) {
        let size = 16
        rows = stride(from: 0, to: prompts.count, by: size).flatMap { start in
            let chunk = Array(prompts[start..<min(start + size, prompts.count)])
            let half = (chunk.count + 1) / 2
            let batch = [chunk.prefix(half), chunk.dropFirst(half)].filter { !$0.isEmpty }
            return teacher.distributions(batch.map { PackedSequence(packing: Array($0)) }, top: top).flatMap { $0 }
        }
    }

    /// Reads what `save` wrote; nil if the file is missing, damaged, or made for other labels.
    init?(path: String, prompts: [EncodedExample], top: Int) {
        guard let file = try? SafetensorsFile(path: path), let tokens = try? file.values(of: "tokens"),
            let probabilities = try? file.values(of: "probabilities")
        else { return nil }
        let count = prompts.reduce(0) { $0 + $1.answer.count }
        guard count > 0, tokens.count == probabilities.count, tokens.count.isMultiple(of: count) else { return nil }
        let width = tokens.count / count
        guard width <= top else { return nil }
        var next = 0
        rows = prompts.map { prompt in
            prompt.answer.map { _ in
                let range = next * width..<(next + 1) * width
                next += 1
                return TokenDistribution(
                    tokens: tokens[range].map { Int32($0) }, probabilities: Array(probabilities[range]))
            }
        }
    }

    /// Writes all distributions as two tensors, [label tokens, top].
    func save(to path: String) throws(EngineError) {
        let all = rows.flatMap { $0 }
        let width = all.first?.tokens.count ?? 0
        let tokens = all.flatMap { $0.tokens.map { Float($0) } }
        let probabilities = all.flatMap(\.probabilities)
        try SafetensorsWriter.write(
            [
                .init(name: "tokens", shape: [all.count, width], values: tokens[...]),
                .init(name: "probabilities", shape: [all.count, width], values: probabilities[...]),
            ], precision: .float32, metadata: [:], to: path)
    }
}
