import Foundation

extension LoRAAdapter.Config {
    /// Writes an `adapter_config.json` that PEFT loads.
    func save(path: String, model: ModelConfig, baseModelName: String?) throws(EngineError) {
        var base = "null"
        if let baseModelName, let data = try? JSONEncoder().encode(baseModelName) {
            base = String(decoding: data, as: UTF8.self)
        }
        var ranks: [String] = []
        var alphas: [String] = []
        for (module, size) in exceptions.sorted(by: { $0.key.order < $1.key.order }) {
            guard let size else { continue }
            if size.rank != rank { ranks.append("\"\(module.pattern)\": \(size.rank)") }
            if size.alpha != alpha { alphas.append("\"\(module.pattern)\": \(Self.number(size.alpha))") }
        }
        let text = """
            {
              "alpha_pattern": {\(alphas.joined(separator: ", "))},
              "auto_mapping": null,
              "base_model_name_or_path": \(base),
              "bias": "none",
              "fan_in_fan_out": false,
              "inference_mode": true,
              "init_lora_weights": true,
              "layers_pattern": null,
              "layers_to_transform": null,
              "lora_alpha": \(Self.number(alpha)),
              "lora_dropout": \(dropout),
              "modules_to_save": null,
              "peft_type": "LORA",
              "r": \(rank),
              "rank_pattern": {\(ranks.joined(separator: ", "))},
              "revision": null,
              "target_modules": [\(targetNames(model).map { "\"\($0)\"" }.joined(separator: ", "))],
              "task_type": "CAUSAL_LM",
              "use_dora": false,
              "use_rslora": \(rankStabilized)
            }

            """
        var file = try AtomicFile(path: path)
        try file.write(Array(text.utf8))
        try file.commit()
    }

    /// Module names where every layer is adapted alike, whole names where a layer is left out.
    private func targetNames(_ model: ModelConfig) -> [String] {
        targets.flatMap { projection in
            let layers = (0..<model.layerCount).filter { size(layer: $0, projection) != nil }
            return layers.count == model.layerCount
                ? [projection.moduleName] : layers.map { "model.layers.\($0).\(projection.rawValue)" }
        }
    }

    private static func number(_ value: Float) -> String {
        value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : "\(value)"
    }
}

extension LoRAAdapter.Module {
    /// The module's name as a pattern that only it fits.
    fileprivate var pattern: String {
        "model\\\\.layers\\\\.\(layer)\\\\.\(projection.rawValue.replacing(".", with: "\\\\."))"
    }

    fileprivate var order: Int { layer * Projection.allCases.count + projection.offset }
}
