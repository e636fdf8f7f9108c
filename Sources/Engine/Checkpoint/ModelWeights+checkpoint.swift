extension ModelWeights {
    /// Loads a Hugging Face checkpoint folder: `config.json` and `model.safetensors`, or the shards that
    /// `model.safetensors.index.json` names. Stored F32, F16 and BF16 become float32.
    ///
    /// - Throws: `EngineError` naming the file and the tensor that is missing, not expected, or of another shape;
    ///   all of that is checked before memory for the weights is taken.
    public static func load(folder: String) throws(EngineError) -> ModelWeights {
        try Checkpoint(folder: folder).weights()
    }

    /// Writes `config.json` and `model.safetensors`, each atomically; the folder is created when it is missing.
    public func save(folder: String, precision: CheckpointPrecision) throws(EngineError) {
        try CheckpointFolder.create(folder)
        var stored = self
        let offset = config.family.normOffset
        for entry in layout.entries where entry.isNorm && offset != 0 {
            for index in entry.range { stored.values[index] -= offset }
        }
        let tensors = layout.entries.map {
            SafetensorsWriter.Tensor(name: $0.name, shape: $0.shape, values: stored.values[$0.range])
        }
        try SafetensorsWriter.write(
            tensors, precision: precision, metadata: ["format": "pt"], to: folder + "/model.safetensors")
        try config.save(folder: folder, precision: precision)
    }
}
