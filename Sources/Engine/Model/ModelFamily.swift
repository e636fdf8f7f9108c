/// The architectures the engine computes; raw values are Hugging Face's `model_type`.
///
/// All are pre-norm decoders with rotary positions, grouped-query attention and a gated feed-forward layer. What
/// differs is data on `ModelConfig` and `DecoderBlock`, so that a forward pass reads properties and never a family:
///
/// - `llama`: biases on all attention layers (`attention_bias`) or all feed-forward layers (`mlp_bias`) where the file
///   says so; rotary frequencies scaled linearly or by Llama 3's rule.
/// - `mistral`: every layer attends to a sliding window; 4,096 positions when the file has no `sliding_window`, none
///   when it is null.
/// - `qwen2`: biases on q, k and v, always; a sliding window on the layers that `layer_types` or `max_window_layers`
///   names, if `use_sliding_window`.
/// - `qwen3`: the windows of `qwen2`; no q/k/v bias but RMSNorm over each head of q and k, before the rotation; heads
///   of 128 unless the file says otherwise.
/// - `gemma` (the first): embeddings times sqrt(hidden), GELU in place of SiLU, heads of 256, tied head, and norms that
///   multiply by 1 + w. The engine keeps 1 + w as the norm's weight; reading and writing a checkpoint convert.
public enum ModelFamily: String, Sendable, CaseIterable {
    case llama, mistral, qwen2, qwen3, gemma

    /// The class name under `architectures` in `config.json`.
    public var architecture: String {
        switch self {
        case .llama: "LlamaForCausalLM"
        case .mistral: "MistralForCausalLM"
        case .qwen2: "Qwen2ForCausalLM"
        case .qwen3: "Qwen3ForCausalLM"
        case .gemma: "GemmaForCausalLM"
        }
    }

    /// What is added to a stored norm weight to get the factor that the norm multiplies by.
    var normOffset: Float { self == .gemma ? 1 : 0 }

    /// What transformers takes when a key is absent from `config.json`.
    var defaults: (headSize: Int?, keyValueHeads: Int?, positions: Int, tiesEmbeddings: Bool) {
        switch self {
        case .llama: (nil, nil, 2_048, false)
        case .mistral: (nil, 8, 131_072, false)
        case .qwen2: (nil, 32, 32_768, false)
        case .qwen3: (128, 32, 32_768, false)
        case .gemma: (256, 16, 8_192, true)
        }
    }
}
