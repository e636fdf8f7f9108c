public import Engine

/// Which parameters a training run changes.
public enum Trainable: Sendable {
    /// Every weight of the model.
    case allWeights
    /// The adapter only; the model's weights stay as they are.
    case adapter(LoRAAdapter)

    /// Number of trained parameters.
    func count(in weights: ModelWeights) -> Int {
        switch self {
        case .allWeights: weights.values.count
        case .adapter(let adapter): adapter.values.count
        }
    }
}
