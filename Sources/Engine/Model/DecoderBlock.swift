/// What a decoder layer computes beyond the plain Llama block; the default is that block.
///
///     x += o_proj(attention(rope(norm?(q_proj(n))), rope(norm?(k_proj(n))), v_proj(n))),  n = attentionNorm(x)
///     x += down_proj(activation(gate_proj(m)) * up_proj(m)),                             m = feedForwardNorm(x)
public struct DecoderBlock: Sendable, Equatable {
    /// The function on the gate; raw values are Hugging Face's `hidden_act`.
    public enum Activation: String, Sendable, CaseIterable {
        /// x * sigmoid(x).
        case silu
        /// GELU with tanh: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))).
        case geluTanh = "gelu_pytorch_tanh"
    }

    /// The function on the gate.
    public var activation: Activation
    /// The linear layers that have a bias.
    public var biased: Set<Projection>
    /// True when RMSNorm with a weight of [headSize] is applied to every head of q and of k, before the rotation.
    public var normsHeads: Bool
    /// For each layer, how many positions a query sees, its own among them; nil: all. Empty: all, in every layer.
    public var windows: [Int?]

    /// The Llama block unless something else is said.
    public init(
        activation: Activation = .silu, biased: Set<Projection> = [], normsHeads: Bool = false, windows: [Int?] = []
    ) {
        self.activation = activation
        self.biased = biased
        self.normsHeads = normsHeads
        self.windows = windows
    }
}

extension ModelConfig {
    /// How many positions a query of this layer sees, its own among them; nil when no sequence is long enough for the
    /// layer's window to hide anything.
    public func window(layer: Int) -> Int? {
        guard layer < block.windows.count, let window = block.windows[layer], window < maximumPositions else {
            return nil
        }
        return window
    }
}
