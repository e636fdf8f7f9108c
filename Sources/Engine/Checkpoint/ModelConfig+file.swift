import Foundation

extension ModelConfig {
    /// Reads `config.json` of a checkpoint folder, and the end tokens of `generation_config.json` when it is there.
    ///
    /// - Throws: `EngineError.unsupported` for another architecture, another kind of RoPE scaling, another activation
    ///   or a quantised checkpoint; `.malformed` for values that are missing or do not fit together. Both name the key.
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

    /// Reads a Hugging Face `config.json` of a family of `ModelFamily`, in the layouts of transformers 4 and 5.
    ///
    /// Absent keys take the family's defaults in transformers.
    public init(path: String) throws(EngineError) {
        try self.init(ConfigFile(path: path))
    }

    init(_ file: ConfigFile) throws(EngineError) {
        let family = try Self.family(file)
        let defaults = family.defaults
        let vocabulary = try file.requiredInteger("vocab_size", in: 1...4_000_000)
        let hidden = try file.requiredInteger("hidden_size", in: 1...65_536)
        let heads = try file.requiredInteger("num_attention_heads", in: 1...1_024)
        let absent = file.members["num_key_value_heads"] == nil ? defaults.keyValueHeads : nil
        let keyValueHeads = try file.integer("num_key_value_heads", in: 1...1_024) ?? absent ?? heads
        guard heads % keyValueHeads == 0 else {
            throw file.wrong("num_key_value_heads", "\(keyValueHeads) does not divide num_attention_heads, \(heads)")
        }
        let headSize: Int
        if let given = try file.integer("head_dim", in: 2...4_096) ?? defaults.headSize {
            headSize = given
        } else if hidden % heads == 0 {
            headSize = hidden / heads
        } else {
            throw file.wrong("num_attention_heads", "\(heads) does not divide hidden_size, \(hidden)")
        }
        guard headSize % 2 == 0 else { throw file.wrong("head_dim", "the head size \(headSize) is odd") }
        let layers = try file.requiredInteger("num_hidden_layers", in: 1...1_000)
        let positions = try file.integer("max_position_embeddings", in: 1...1_048_576) ?? defaults.positions
        guard positions * headSize <= 1 << 27 else {
            throw file.wrong(
                "max_position_embeddings", "the rotary table of \(positions) positions by \(headSize) is too large")
        }
        let rope = try RotarySettings(file, maximumPositions: positions)
        self.init(
            vocabularySize: vocabulary, hiddenSize: hidden,
            intermediateSize: try file.requiredInteger("intermediate_size", in: 1...1_000_000), layerCount: layers,
            headCount: heads, keyValueHeadCount: keyValueHeads, headSize: headSize, maximumPositions: positions,
            normEpsilon: try file.number("rms_norm_eps") ?? 1e-6, ropeTheta: rope.theta,
            tiesEmbeddings: try file.bool("tie_word_embeddings") ?? defaults.tiesEmbeddings, family: family,
            ropeScaling: rope.scaling, block: try DecoderBlock(file, family: family, layers: layers))
        guard normEpsilon >= 0 else { throw file.wrong("rms_norm_eps", "it is negative") }
        endTokens = try tokens(file, key: "eos_token_id")
    }

    private static func family(_ file: ConfigFile) throws(EngineError) -> ModelFamily {
        guard let type = try file.string("model_type") else { throw file.wrong("model_type", "it is missing") }
        guard let family = ModelFamily(rawValue: type) else {
            let known = ModelFamily.allCases.map(\.rawValue).joined(separator: ", ")
            throw file.unsupported("model_type", "is \(type.prefix(60).debugDescription); only \(known) are")
        }
        switch file.value("architectures") {
        case .null, .array([.string(family.architecture)]): break
        case let other:
            throw file.unsupported("architectures", "is \(other.summary); only [\"\(family.architecture)\"] is")
        }
        try file.requireOff("quantization_config", "use_bidirectional_attention")
        if let parts = try file.integer("pretraining_tp", in: 0...1_024), parts > 1 {
            throw file.unsupported("pretraining_tp", "is \(parts); only 1 is")
        }
        return family
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
