public import Tuning

extension PackedSequence {
    /// Packs prompts that start alike: their longest common beginning is computed once.
    ///
    /// Losses count on the answers only, end token included, one each. At least one token of each prompt stays outside
    /// the shared beginning.
    ///
    /// - Parameter teachers: for each prompt, what a teacher predicted at each token of its answer; empty for no teacher.
    public init(packing examples: [EncodedExample], teachers: [[TokenDistribution]] = []) {
        var shared = max(0, (examples.map(\.prompt.count).min() ?? 1) - 1)
        if let first = examples.first {
            for example in examples.dropFirst() {
                shared = zip(first.prompt.prefix(shared), example.prompt).prefix { $0 == $1 }.count
            }
            self.init(prefix: Array(first.prompt.prefix(shared)))
        } else {
            self.init()
        }
        for (index, example) in examples.enumerated() {
            let rest = Array(example.prompt.dropFirst(shared))
            let taught: [TokenDistribution?] =
                teachers.isEmpty ? [] : [TokenDistribution?](repeating: nil, count: rest.count) + teachers[index]
            append(
                rest + example.answer,
                weights: [Float](repeating: 0, count: rest.count) + [Float](repeating: 1, count: example.answer.count),
                teachers: taught)
        }
    }
}
