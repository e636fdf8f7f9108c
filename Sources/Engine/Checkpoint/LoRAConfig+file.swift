extension LoRAAdapter.Config {
    /// Reads PEFT's `adapter_config.json` for a model of this shape.
    ///
    /// Targets are a list of module names, a pattern or "all-linear", less `exclude_modules`, in `layers_to_transform`;
    /// rank and alpha may differ by `rank_pattern` and `alpha_pattern`. Keys that are null, false or empty are ignored,
    /// whatever they are.
    ///
    /// - Throws: `EngineError.unsupported` naming the key of anything but plain LoRA on linear layers.
    public init(path: String, model: ModelConfig) throws(EngineError) {
        try self.init(ConfigFile(path: path), model: model)
    }

    init(_ file: ConfigFile, model: ModelConfig) throws(EngineError) {
        try Self.checkKind(file)
        let rank = try file.requiredInteger("r", in: 1...16_384)
        let alpha = try file.number("lora_alpha") ?? 8
        let dropout = try file.number("lora_dropout") ?? 0
        guard (0..<1).contains(dropout) else { throw file.wrong("lora_dropout", "\(dropout) is not from 0 to below 1") }
        self.init(
            rank: rank, alpha: alpha, dropout: dropout, targets: [],
            rankStabilized: try file.bool("use_rslora") ?? false)
        let targets = try LoRATargets(file)
        var sizes: [LoRAAdapter.Module: LoRAAdapter.Size] = [:]
        for layer in 0..<model.layerCount {
            for projection in Projection.allCases {
                guard let size = targets.size(layer: layer, projection, rank: rank, alpha: alpha) else { continue }
                let shape = projection.shape(in: model)
                guard size.rank <= max(shape.inputs, shape.outputs) * 4 else {
                    throw file.wrong("r", "a rank of \(size.rank) is far beyond the model's widths")
                }
                sizes[.init(layer: layer, projection: projection)] = size
            }
        }
        guard !sizes.isEmpty else {
            throw file.wrong("target_modules", "it names no linear layer of this model's decoder layers")
        }
        setSizes(sizes, layers: model.layerCount)
    }

    private static func checkKind(_ file: ConfigFile) throws(EngineError) {
        guard let type = try file.string("peft_type") else { throw file.wrong("peft_type", "it is missing") }
        guard type == "LORA" else {
            throw file.unsupported("peft_type", "is \(type.prefix(60).debugDescription); only \"LORA\" is")
        }
        if let task = try file.string("task_type"), task != "CAUSAL_LM" {
            throw file.unsupported("task_type", "is \(task.prefix(60).debugDescription); only \"CAUSAL_LM\" is")
        }
        if let bias = try file.string("bias"), bias != "none" {
            throw file.unsupported("bias", "is \(bias.prefix(60).debugDescription); only \"none\" is")
        }
        try file.requireOff(
            "use_dora", "fan_in_fan_out", "modules_to_save", "layer_replication", "lora_bias", "use_qalora",
            "use_bdlora", "trainable_token_indices", "target_parameters", "alora_invocation_tokens", "arrow_config",
            "megatron_config", "kasa_config", "velora_config", "monteclora_config")
        // A feature that is not known yet is a switch or a group of settings; texts and numbers only tune others.
        for key in file.members.keys.sorted() where !known.contains(key) {
            switch file.value(key) {
            case .bool(true), .object, .array: try file.requireOff(key)
            default: continue
            }
        }
        if case .string(let start) = file.value("init_lora_weights"),
            ["pissa", "olora", "loftq", "corda", "lora_ga"].contains(where: { start.lowercased().hasPrefix($0) })
        {
            throw file.unsupported(
                "init_lora_weights",
                "is \(start.prefix(60).debugDescription), which changes the base weights; convert the adapter with PEFT"
            )
        }
    }

    /// Keys whose values are read, or change nothing once the adapter is trained.
    private static let known: Set<String> = [
        "auto_mapping", "base_model_name_or_path", "inference_mode", "init_lora_weights", "loftq_config", "eva_config",
        "corda_config", "lora_ga_config", "ensure_weight_tying", "runtime_config", "target_modules", "exclude_modules",
        "rank_pattern", "alpha_pattern", "layers_to_transform", "layers_pattern", "use_rslora",
    ]
}
