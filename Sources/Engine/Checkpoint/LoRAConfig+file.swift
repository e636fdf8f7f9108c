import Foundation

extension LoRAAdapter.Config {
    /// Reads PEFT's `adapter_config.json`.
    ///
    /// - Throws: `EngineError.unsupported` naming the key of anything but plain LoRA on linear layers.
    public init(path: String) throws(EngineError) {
        let file = try ConfigFile(path: path)
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
            "use_dora", "fan_in_fan_out", "rank_pattern", "alpha_pattern", "modules_to_save", "layers_to_transform",
            "layers_pattern", "layer_replication", "lora_bias", "use_qalora", "use_bdlora", "exclude_modules",
            "trainable_token_indices", "target_parameters", "alora_invocation_tokens", "arrow_config",
            "megatron_config", "kasa_config", "velora_config", "monteclora_config")
        if case .string(let start) = file.value("init_lora_weights"),
            ["pissa", "olora", "loftq", "corda", "lora_ga"].contains(where: { start.lowercased().hasPrefix($0) })
        {
            throw file.unsupported(
                "init_lora_weights",
                "is \(start.prefix(60).debugDescription), which changes the base weights; convert the adapter with PEFT"
            )
        }
        let rank = try file.requiredInteger("r", in: 1...16_384)
        let alpha = try file.number("lora_alpha") ?? 8
        let dropout = try file.number("lora_dropout") ?? 0
        guard (0..<1).contains(dropout) else { throw file.wrong("lora_dropout", "\(dropout) is not from 0 to below 1") }
        self.init(
            rank: rank, alpha: alpha, dropout: dropout, targets: try Self.targets(file),
            rankStabilized: try file.bool("use_rslora") ?? false)
    }

    /// Writes an `adapter_config.json` that PEFT loads.
    func save(path: String, baseModelName: String?) throws(EngineError) {
        let names = targets.map { "\"\($0.moduleName)\"" }.joined(separator: ", ")
        var base = "null"
        if let baseModelName, let data = try? JSONEncoder().encode(baseModelName) {
            base = String(decoding: data, as: UTF8.self)
        }
        let text = """
            {
              "alpha_pattern": {},
              "auto_mapping": null,
              "base_model_name_or_path": \(base),
              "bias": "none",
              "fan_in_fan_out": false,
              "inference_mode": true,
              "init_lora_weights": true,
              "layers_pattern": null,
              "layers_to_transform": null,
              "lora_alpha": \(alpha == alpha.rounded() && abs(alpha) < 1e9 ? "\(Int(alpha))" : "\(alpha)"),
              "lora_dropout": \(dropout),
              "modules_to_save": null,
              "peft_type": "LORA",
              "r": \(rank),
              "rank_pattern": {},
              "revision": null,
              "target_modules": [\(names)],
              "task_type": "CAUSAL_LM",
              "use_dora": false,
              "use_rslora": \(rankStabilized)
            }

            """
        var file = try AtomicFile(path: path)
        try file.write(Array(text.utf8))
        try file.commit()
    }

    /// The adapted layers, in `Projection` order: a list of module names, or "all-linear".
    private static func targets(_ file: ConfigFile) throws(EngineError) -> [Projection] {
        let key = "target_modules"
        switch file.value(key) {
        case .string("all-linear"): return Projection.allCases
        case .array(let values):
            var chosen: Set<Projection> = []
            for value in values {
                guard case .string(let name) = value,
                    let projection = Projection.allCases.first(where: { [$0.moduleName, $0.rawValue].contains(name) })
                else {
                    throw file.unsupported(
                        key,
                        "names \(value.summary); only \(Projection.allCases.map(\.moduleName).joined(separator: ", ")) are"
                    )
                }
                chosen.insert(projection)
            }
            guard !chosen.isEmpty else { throw file.wrong(key, "it names no layer") }
            return Projection.allCases.filter(chosen.contains)
        case let other:
            throw file.unsupported(key, "is \(other.summary); a list of module names or \"all-linear\" is expected")
        }
    }
}
