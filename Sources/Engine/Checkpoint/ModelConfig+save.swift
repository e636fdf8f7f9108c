extension ModelConfig {
    /// Writes `config.json`, readable by transformers 4 and 5 as the model's family.
    public func save(folder: String, precision: CheckpointPrecision) throws(EngineError) {
        let end = endTokens.count == 1 ? "\(endTokens[0])" : "[\(endTokens.map(String.init).joined(separator: ", "))]"
        var members: [(key: String, value: String)] = [
            ("architectures", "[\"\(family.architecture)\"]"),
            ("attention_dropout", "0.0"),
            ("bos_token_id", "null"),
            ("dtype", "\"\(precision.rawValue)\""),
            ("eos_token_id", endTokens.isEmpty ? "null" : end),
            ("head_dim", "\(headSize)"),
            ("hidden_act", "\"\(block.activation.rawValue)\""),
            ("hidden_size", "\(hiddenSize)"),
            ("intermediate_size", "\(intermediateSize)"),
            ("max_position_embeddings", "\(maximumPositions)"),
            ("model_type", "\"\(family.rawValue)\""),
            ("num_attention_heads", "\(headCount)"),
            ("num_hidden_layers", "\(layerCount)"),
            ("num_key_value_heads", "\(keyValueHeadCount)"),
            ("rms_norm_eps", "\(normEpsilon)"),
            ("rope_scaling", ropeScaling.json),
            ("rope_theta", "\(ropeTheta)"),
            ("tie_word_embeddings", "\(tiesEmbeddings)"),
            ("torch_dtype", "\"\(precision.rawValue)\""),
            ("use_cache", "true"),
            ("vocab_size", "\(vocabularySize)"),
        ]
        members += familyMembers
        members.sort { $0.key < $1.key }
        let text = members.map { "  \"\($0.key)\": \($0.value)" }.joined(separator: ",\n")
        var file = try AtomicFile(path: folder + "/config.json")
        try file.write(Array("{\n\(text)\n}\n".utf8))
        try file.commit()
    }

    private var familyMembers: [(key: String, value: String)] {
        let window = block.windows.compactMap(\.self).first
        let attentionBias = (key: "attention_bias", value: "\(block.biased.contains(.output))")
        switch family {
        case .llama:
            return [attentionBias, ("mlp_bias", "\(block.biased.contains(.down))"), ("pretraining_tp", "1")]
        case .gemma: return [attentionBias]
        case .mistral: return [("sliding_window", window.map(String.init) ?? "null")]
        case .qwen2, .qwen3:
            let types = (0..<layerCount).map { layer in
                layer < block.windows.count && block.windows[layer] != nil
                    ? "\"sliding_attention\"" : "\"full_attention\""
            }
            return [
                ("layer_types", "[\(types.joined(separator: ", "))]"),
                ("sliding_window", window.map(String.init) ?? "null"),
                ("use_sliding_window", "\(window != nil)"),
            ] + (family == .qwen3 ? [attentionBias] : [])
        }
    }
}

extension RotaryScaling {
    /// The value of `rope_scaling` in `config.json`.
    var json: String {
        switch self {
        case .none: "null"
        case .linear(let factor): "{\"factor\": \(factor), \"rope_type\": \"linear\"}"
        case .llama3(let rule):
            "{\"factor\": \(rule.factor), \"high_freq_factor\": \(rule.highFrequencyFactor), "
                + "\"low_freq_factor\": \(rule.lowFrequencyFactor), "
                + "\"original_max_position_embeddings\": \(rule.originalPositions), \"rope_type\": \"llama3\"}"
        }
    }
}
