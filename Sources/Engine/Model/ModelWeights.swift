/// A model's shape and its parameters as one flat float32 buffer.
public struct ModelWeights: Sendable {
    /// The model's shape.
    public let config: ModelConfig
    /// Where each tensor lies in `values`.
    public let layout: ModelLayout
    /// All parameters, in layout order.
    public var values: [Float]

    /// Zero weights of the given shape.
    public init(config: ModelConfig) {
        self.config = config
        layout = ModelLayout(config)
        values = [Float](repeating: 0, count: layout.count)
    }
}
