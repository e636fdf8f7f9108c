extension DecoderBlock {
    /// What `config.json` says about a layer of this family; absent keys take transformers' defaults.
    init(_ file: ConfigFile, family: ModelFamily, layers: Int) throws(EngineError) {
        self.init(
            activation: try Self.activation(file, family: family), biased: try Self.biased(file, family: family),
            normsHeads: family == .qwen3, windows: try Self.windows(file, family: family, layers: layers))
    }

    private static func activation(_ file: ConfigFile, family: ModelFamily) throws(EngineError) -> Activation {
        // Gemma's first configs say "gelu" and mean the tanh form; a later key beside it overrode that one.
        let key = family == .gemma && file.value("hidden_activation") != .null ? "hidden_activation" : "hidden_act"
        guard let name = try file.string(key) else { return family == .gemma ? .geluTanh : .silu }
        if family == .gemma && name == "gelu" { return .geluTanh }
        guard let activation = Activation(rawValue: name) else {
            let known = Activation.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " and ")
            throw file.unsupported(key, "is \(name.prefix(60).debugDescription); only \(known) are")
        }
        return activation
    }

    private static func biased(_ file: ConfigFile, family: ModelFamily) throws(EngineError) -> Set<Projection> {
        var biased: Set<Projection> = []
        switch family {
        case .mistral: break
        case .qwen2: biased = [.query, .key, .value]
        case .llama, .qwen3, .gemma:
            if try file.bool("attention_bias") ?? false { biased = [.query, .key, .value, .output] }
        }
        if family == .llama, try file.bool("mlp_bias") ?? false { biased.formUnion([.gate, .up, .down]) }
        return biased
    }

    private static func windows(_ file: ConfigFile, family: ModelFamily, layers: Int) throws(EngineError) -> [Int?] {
        switch family {
        case .llama, .gemma:
            try file.requireOff("sliding_window")
            return []
        case .mistral:
            guard let window = try window(file) else { return [] }
            return [Int?](repeating: window, count: layers)
        case .qwen2, .qwen3:
            let window = try file.bool("use_sliding_window") ?? false ? try window(file) : nil
            let first = try file.integer("max_window_layers", in: 0...1_000_000) ?? 28
            let types = try layerTypes(file, layers: layers)
            let windows = (0..<layers).map { layer in
                types?[layer] ?? (layer >= first) ? window : nil
            }
            if window == nil, let types, types.contains(true) {
                throw file.wrong("layer_types", "a layer has \"sliding_attention\", yet use_sliding_window is off")
            }
            return windows.contains { $0 != nil } ? windows : []
        }
    }

    /// The window's width; 4,096 when the key is absent, none when it is null.
    private static func window(_ file: ConfigFile) throws(EngineError) -> Int? {
        guard file.members["sliding_window"] != nil else { return 4_096 }
        return try file.integer("sliding_window", in: 1...1_000_000_000)
    }

    /// For each layer, whether it has a sliding window; nil when the file does not list the layers.
    private static func layerTypes(_ file: ConfigFile, layers: Int) throws(EngineError) -> [Bool]? {
        let key = "layer_types"
        switch file.value(key) {
        case .null: return nil
        case .array(let values):
            guard values.count == layers else {
                throw file.wrong(key, "it lists \(values.count) layers, num_hidden_layers is \(layers)")
            }
            var windowed: [Bool] = []
            for value in values {
                guard value == .string("full_attention") || value == .string("sliding_attention") else {
                    throw file.unsupported(
                        key, "names \(value.summary); only \"full_attention\" and \"sliding_attention\" are")
                }
                windowed.append(value == .string("sliding_attention"))
            }
            return windowed
        case let other: throw file.wrong(key, "a list is expected, not \(other.summary)")
        }
    }
}
