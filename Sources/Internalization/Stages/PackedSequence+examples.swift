public import Tuning

extension PackedSequence {
    /// Packs prompts that start alike: their longest common beginning is computed once.
    ///
    /// Losses count on the answers, end token included, one each, and on what a prompt has of its own by
    /// `promptWeight`. At least one token of each prompt stays outside the shared beginning.
    ///
    /// - Parameter teachers: for each prompt, what a teacher predicted at each token of its answer; empty for no
    ///   teacher.
    /// - Parameter guides: for each prompt, log q of every token at each token of its answer; empty for no guide.
    public init(
        packing examples: [EncodedExample], promptWeight: Float = 0, teachers: [[TokenDistribution]] = [],
        guides: [[[Float]]] = []
    ) {
        let shared = sharedPrefix(of: examples.map(\.prompt))
        self.init(prefix: Array(examples.first?.prompt.prefix(shared) ?? []))
        for (index, example) in examples.enumerated() {
            let rest = Array(example.prompt.dropFirst(shared))
            let taught: [TokenDistribution?] =
                teachers.isEmpty ? [] : [TokenDistribution?](repeating: nil, count: rest.count) + teachers[index]
            append(
                rest + example.answer,
                weights: [Float](repeating: promptWeight, count: rest.count)
                    + [Float](repeating: 1, count: example.answer.count),
                teachers: taught,
                guides: guides.isEmpty ? [] : [[Float]?](repeating: nil, count: rest.count) + guides[index])
        }
    }
}

/// The number of tokens that all prompts start with, leaving at least one of each.
func sharedPrefix(of prompts: [[Int32]]) -> Int {
    guard let first = prompts.first else { return 0 }
    return prompts.reduce(max(0, (prompts.map(\.count).min() ?? 1) - 1)) { shared, prompt in
        zip(first.prefix(shared), prompt).prefix { $0 == $1 }.count
    }
}
