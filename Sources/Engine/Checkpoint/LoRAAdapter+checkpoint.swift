import Foundation

extension LoRAAdapter {
    /// Loads a PEFT adapter folder (`adapter_config.json`, `adapter_model.safetensors`) for a model of this shape.
    ///
    /// - Throws: `EngineError.unsupported` naming the key of a feature other than plain LoRA on the linear layers;
    ///   `.malformed` naming a tensor that is missing, not expected, or of another shape.
    public static func load(folder: String, model: ModelConfig) throws(EngineError) -> LoRAAdapter {
        try load(SafetensorsFile(path: folder + "/adapter_model.safetensors"), folder: folder, model: model)
    }

    /// The same from its open file of matrices.
    static func load(
        _ file: SafetensorsFile, folder: String, model: ModelConfig
    ) throws(EngineError) -> LoRAAdapter {
        let config = try Config(path: folder + "/adapter_config.json", model: model)
        let places = Self.places(config: config, model: model)
        for place in places {
            guard let tensor = file.header.tensors[place.name] else {
                throw .malformed(
                    file: file.path, at: "tensor \(place.name.debugDescription)", reason: "it is missing")
            }
            guard tensor.shape == place.shape else {
                throw .malformed(
                    file: file.path, at: "tensor \(place.name.debugDescription)",
                    reason: "its shape is \(tensor.shape), the adapter needs \(place.shape)")
            }
        }
        let known = Set(places.map(\.name))
        if let extra = file.header.tensors.keys.filter({ !known.contains($0) }).min() {
            throw .malformed(
                file: file.path, at: "tensor \(extra.prefix(120).debugDescription)",
                reason: "adapter_config.json does not lead to such a tensor")
        }
        var adapter = LoRAAdapter(config: config, model: model)
        for place in places {
            guard let tensor = file.header.tensors[place.name] else { continue }
            file.read(tensor, into: &adapter.values, at: place.offset)
        }
        return adapter
    }

    /// Writes a PEFT adapter folder, each file atomically; the folder is created when it is missing.
    public func save(
        folder: String, precision: CheckpointPrecision, baseModelName: String?
    ) throws(EngineError) {
        try CheckpointFolder.create(folder)
        let tensors = Self.places(config: config, model: model).map {
            SafetensorsWriter.Tensor(
                name: $0.name, shape: $0.shape, values: values[$0.offset..<$0.offset + $0.shape.reduce(1, *)])
        }
        try SafetensorsWriter.write(
            tensors, precision: precision, metadata: ["format": "pt"], to: folder + "/adapter_model.safetensors")
        try config.save(path: folder + "/adapter_config.json", model: model, baseModelName: baseModelName)
    }

    /// The adapter as it is after it was saved in this precision and loaded again.
    public func rounded(to precision: CheckpointPrecision) -> LoRAAdapter {
        guard precision == .bfloat16 else { return self }
        var rounded = self
        rounded.values = KernelTable.best.widen(bfloat16: KernelTable.best.bfloat16(values.span))
        return rounded
    }

    private struct Place {
        let name: String
        let shape: [Int]
        let offset: Int
    }

    /// The tensors of an adapter file and their places in the flat buffer, in buffer order.
    private static func places(config: Config, model: ModelConfig) -> [Place] {
        var places: [Place] = []
        var offset = 0
        for layer in 0..<model.layerCount {
            for projection in Projection.allCases {
                guard let size = config.size(layer: layer, projection) else { continue }
                let shape = projection.shape(in: model)
                let prefix = "base_model.model.model.layers.\(layer).\(projection.rawValue)."
                for (name, dimensions) in [
                    ("lora_A", [size.rank, shape.inputs]), ("lora_B", [shape.outputs, size.rank]),
                ] {
                    places.append(Place(name: prefix + name + ".weight", shape: dimensions, offset: offset))
                    offset += dimensions[0] * dimensions[1]
                }
            }
        }
        return places
    }
}
