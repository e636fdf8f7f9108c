/// The seven linear layers of a decoder layer; raw values are Hugging Face's names below `model.layers.N.`.
public enum Projection: String, Sendable, CaseIterable, Hashable {
    case query = "self_attn.q_proj"
    case key = "self_attn.k_proj"
    case value = "self_attn.v_proj"
    case output = "self_attn.o_proj"
    case gate = "mlp.gate_proj"
    case up = "mlp.up_proj"
    case down = "mlp.down_proj"

    /// The name PEFT uses in `target_modules`, such as "q_proj".
    public var moduleName: String {
        String(rawValue.split(separator: ".")[1])
    }

    /// Input and output width of the layer; its weight matrix is [outputs, inputs].
    public func shape(in config: ModelConfig) -> (outputs: Int, inputs: Int) {
        switch self {
        case .query: (config.queryWidth, config.hiddenSize)
        case .key, .value: (config.keyValueWidth, config.hiddenSize)
        case .output: (config.hiddenSize, config.queryWidth)
        case .gate, .up: (config.intermediateSize, config.hiddenSize)
        case .down: (config.hiddenSize, config.intermediateSize)
        }
    }

    /// Position among all projections, in the order of a checkpoint.
    public var offset: Int {
        switch self {
        case .query: 0
        case .key: 1
        case .value: 2
        case .output: 3
        case .gate: 4
        case .up: 5
        case .down: 6
        }
    }
}
