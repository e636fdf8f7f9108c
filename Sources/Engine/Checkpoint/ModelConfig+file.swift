import Foundation

extension ModelConfig {
    /// Reads `config.json` of a checkpoint folder, and the end tokens of `generation_config.json` when it is there.
    ///
    /// - Throws: `EngineError.unsupported` for another architecture, RoPE scaling, biases, another activation or a
    ///   quantised checkpoint; `.malformed` for values that are missing or do not fit together. Both name the key.
    public static func load(folder: String) throws(EngineError) -> ModelConfig {
        var config = try ModelConfig(path: folder + "/config.json")
        let generation = folder + "/generation_config.json"
        if FileManager.default.fileExists(atPath: generation) {
            let file = try ConfigFile(path: generation)
            for token in try config.tokens(file, key: "eos_token_id") where !config.endTokens.contains(token) {
                config.endTokens.append(token)
            }
        }
        return config
    }

    /// Reads a Hugging Face `config.json` of the Llama architecture, in the layouts of transformers 4 and 5.
    public init(path: String) throws(EngineError) {
        let file = try ConfigFile(path: path)
        try Self.checkFamily(file)
        let vocabulary = try file.requiredInteger("vocab_size", in: 1...4_000_000)
        let hidden = try file.requiredInteger("hidden_size", in: 1...65_536)
        let heads = try file.requiredInteger("num_attention_heads", in: 1...1_024)
        let keyValueHeads = try file.integer("num_key_value_heads", in: 1...1_024) ?? heads
        guard heads % keyValueHeads == 0 else {
            throw file.wrong("num_key_value_heads", "\(keyValueHeads) does not divide num_attention_heads, \(heads)")
        }
        let headSize: Int
        if let given = try file.integer("head_dim", in: 2...4_096) {
            headSize = given
        } else if hidden % heads == 0 {
            headSize = hidden / heads
        } else {
            throw file.wrong("num_attention_heads", "\(heads) does not divide hidden_size, \(hidden)")
        }
        guard headSize % 2 == 0 else { throw file.wrong("head_dim", "the head size \(headSize) is odd") }
        self.init(
            vocabularySize: vocabulary, hiddenSize: hidden,
            intermediateSize: try file.requiredInteger("intermediate_size", in: 1...1_000_000),
            layerCount: try file.requiredInteger("num_hidden_layers", in: 1...1_000), headCount: heads,
            keyValueHeadCount: keyValueHeads, headSize: headSize,
            maximumPositions: try file.integer("max_position_embeddings", in: 1...1_048_576) ?? 2_048,
            normEpsilon: try file.number("rms_norm_eps") ?? 1e-6, ropeTheta: try Self.ropeTheta(file),
            tiesEmbeddings: try file.bool("tie_word_embeddings") ?? false)
        guard normEpsilon >= 0 else { throw file.wrong("rms_norm_eps", "it is negative") }
        endTokens = try tokens(file, key: "eos_token_id")
    }

    /// Writes `config.json`, readable by transformers 4 and 5 as a LlamaForCausalLM.
    public func save(folder: String, precision: CheckpointPrecision) throws(EngineError) {
        let end = endTokens.count == 1 ? "\(endTokens[0])" : "[\(endTokens.map(String.init).joined(separator: ", "))]"
        let text = """
            {
              "architectures": ["LlamaForCausalLM"],
              "attention_bias": false,
              "attention_dropout": 0.0,
              "bos_token_id": null,
              "dtype": "\(precision.rawValue)",
              "eos_token_id": \(endTokens.isEmpty ? "null" : end),
              "head_dim": \(headSize),
              "hidden_act": "silu",
              "hidden_size": \(hiddenSize),
              "intermediate_size": \(intermediateSize),
              "max_position_embeddings": \(maximumPositions),
              "mlp_bias": false,
              "model_type": "llama",
              "num_attention_heads": \(headCount),
              "num_hidden_layers": \(layerCount),
              "num_key_value_heads": \(keyValueHeadCount),
              "pretraining_tp": 1,
              "rms_norm_eps": \(normEpsilon),
              "rope_scaling": null,
              "rope_theta": \(ropeTheta),
              "tie_word_embeddings": \(tiesEmbeddings),
              "torch_dtype": "\(precision.rawValue)",
              "use_cache": true,
              "vocab_size": \(vocabularySize)
            }

            """
        var file = try AtomicFile(path: folder + "/config.json")
        try file.write(Array(text.utf8))
        try file.commit()
    }

    private static func checkFamily(_ file: ConfigFile) throws(EngineError) {
        guard let family = try file.string("model_type") else { throw file.wrong("model_type", "it is missing") }
        guard family == "llama" else {
            throw file.unsupported("model_type", "is \(family.prefix(60).debugDescription); only \"llama\" is")
        }
        switch file.value("architectures") {
        case .null, .array([.string("LlamaForCausalLM")]): break
        case let other: throw file.unsupported("architectures", "is \(other.summary); only [\"LlamaForCausalLM\"] is")
        }
        if let activation = try file.string("hidden_act"), activation != "silu" {
            throw file.unsupported("hidden_act", "is \(activation.prefix(60).debugDescription); only \"silu\" is")
        }
        try file.requireOff("attention_bias", "mlp_bias", "quantization_config", "sliding_window")
        if let factor = try file.number("partial_rotary_factor"), factor != 1 {
            throw file.unsupported("partial_rotary_factor", "is \(factor); only 1 is")
        }
        if let parts = try file.integer("pretraining_tp", in: 0...1_024), parts > 1 {
            throw file.unsupported("pretraining_tp", "is \(parts); only 1 is")
        }
    }

    /// The rotary base: `rope_parameters.rope_theta` (transformers 5) or `rope_theta` (4).
    private static func ropeTheta(_ file: ConfigFile) throws(EngineError) -> Float {
        var theta = try file.number("rope_theta")
        for key in ["rope_scaling", "rope_parameters"] {
            guard let rope = try file.object(key) else { continue }
            for name in ["rope_type", "type"] {
                if let type = try rope.string(name), type != "default" {
                    throw rope.unsupported(name, "is \(type.prefix(60).debugDescription); only \"default\" is")
                }
            }
            try rope.requireOff("factor")
            if let factor = try rope.number("partial_rotary_factor"), factor != 1 {
                throw rope.unsupported("partial_rotary_factor", "is \(factor); only 1 is")
            }
            theta = try rope.number("rope_theta") ?? theta
        }
        let value = theta ?? 10_000
        guard value > 0 else { throw file.wrong("rope_theta", "\(value) is not positive") }
        return value
    }

    /// One token id or a list of them; ids outside the vocabulary are refused.
    private func tokens(_ file: ConfigFile, key: String) throws(EngineError) -> [Int32] {
        let values: [ConfigValue] =
            switch file.value(key) {
            case .null: []
            case .array(let values): values
            case let one: [one]
            }
        var tokens: [Int32] = []
        for value in values {
            guard case .number(let number) = value, let token = Int32(exactly: number), token >= 0,
                Int(token) < vocabularySize
            else {
                throw file.wrong(key, "\(value.summary) is not a token id below vocab_size, \(vocabularySize)")
            }
            tokens.append(token)
        }
        return tokens
    }
}
