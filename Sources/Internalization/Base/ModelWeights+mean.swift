public import Engine

extension ModelWeights {
    /// The mean of checkpoints of one shape, each weight by itself: runs that share their beginning often lie in one
    /// valley of the loss, and their mean is better than each (Wortsman et al., "Model soups", ICML 2022).
    ///
    /// - Throws: `InternalizationError.setting` when there are none, or one differs from the first in its
    ///   configuration.
    public static func mean(of checkpoints: [ModelWeights]) throws(InternalizationError) -> ModelWeights {
        guard var mean = checkpoints.first else { throw .setting("a mean needs at least one checkpoint") }
        for (number, other) in checkpoints.enumerated().dropFirst() {
            guard other.config == mean.config else {
                throw .setting(
                    "checkpoint \(number + 1) has another configuration than the first: only runs of one base have a mean"
                )
            }
        }
        let share = 1 / Double(checkpoints.count)
        for index in mean.values.indices {
            mean.values[index] = Float(checkpoints.reduce(0) { $0 + Double($1.values[index]) } * share)
        }
        return mean
    }
}
