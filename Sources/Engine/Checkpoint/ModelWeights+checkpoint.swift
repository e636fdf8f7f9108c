import Foundation

extension ModelWeights {
    /// Loads a Hugging Face checkpoint folder: `config.json` and `model.safetensors`, or the shards that
    /// `model.safetensors.index.json` names. Stored F32, F16 and BF16 become float32.
    ///
    /// - Throws: `EngineError` naming the file and the tensor that is missing, not expected, or of another shape;
    ///   all of that is checked before memory for the weights is taken.
    public static func load(folder: String) throws(EngineError) -> ModelWeights {
        let config = try ModelConfig.load(folder: folder)
        try checkSize(config, folder: folder)
        let layout = ModelLayout(config)
        let paths = try shardPaths(folder: folder)
        try check(layout, paths: paths, tiesEmbeddings: config.tiesEmbeddings)
        var weights = ModelWeights(config: config)
        let entries = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0) })
        for path in paths {
            let file = try SafetensorsFile(path: path)
            for tensor in file.header.tensors.values {
                guard let entry = entries[tensor.name] else { continue }
                try file.read(tensor, into: &weights.values, at: entry.range.lowerBound)
            }
        }
        weights.addToNorms(config.family.normOffset)
        return weights
    }

    /// Writes `config.json` and `model.safetensors`, each atomically; the folder is created when it is missing.
    public func save(folder: String, precision: CheckpointPrecision) throws(EngineError) {
        try CheckpointFolder.create(folder)
        var stored = self
        stored.addToNorms(-config.family.normOffset)
        let tensors = layout.entries.map {
            SafetensorsWriter.Tensor(name: $0.name, shape: $0.shape, values: stored.values[$0.range])
        }
        try SafetensorsWriter.write(
            tensors, precision: precision, metadata: ["format": "pt"], to: folder + "/model.safetensors")
        try config.save(folder: folder, precision: precision)
    }

    private mutating func addToNorms(_ offset: Float) {
        guard offset != 0 else { return }
        for entry in layout.entries where entry.name.hasSuffix("norm.weight") {
            for index in entry.range { values[index] += offset }
        }
    }

    /// Refuses a shape whose parameters cannot be counted in memory.
    private static func checkSize(_ config: ModelConfig, folder: String) throws(EngineError) {
        let perLayer = Projection.allCases.reduce(0.0) {
            let shape = $1.shape(in: config)
            return $0 + Double(shape.outputs) * Double(shape.inputs + 1)
        }
        let total = perLayer * Double(config.layerCount) + 2 * Double(config.vocabularySize * config.hiddenSize)
        guard total < 1e11 else {
            throw .malformed(
                file: folder + "/config.json", at: "key \"hidden_size\"", reason: "the sizes make \(total) parameters")
        }
    }

    private static func shardPaths(folder: String) throws(EngineError) -> [String] {
        let index = folder + "/model.safetensors.index.json"
        guard FileManager.default.fileExists(atPath: index) else { return [folder + "/model.safetensors"] }
        let file = try ConfigFile(path: index)
        guard let map = try file.object("weight_map") else { throw file.wrong("weight_map", "it is missing") }
        var names: Set<String> = []
        for key in map.members.keys {
            guard let name = try map.string(key), !name.contains("/"), !name.hasPrefix("."), !name.isEmpty else {
                throw map.wrong(key, "a file name without a folder is expected")
            }
            names.insert(name)
        }
        return names.sorted().map { folder + "/" + $0 }
    }

    /// Checks that the files hold every tensor of the layout once, in its shape, and nothing unknown.
    private static func check(_ layout: ModelLayout, paths: [String], tiesEmbeddings: Bool) throws(EngineError) {
        var missing = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0) })
        var found: Set<String> = []
        for path in paths {
            let file = try SafetensorsFile(path: path)
            for (name, tensor) in file.header.tensors.sorted(by: { $0.key < $1.key }) {
                let place = "tensor \(name.prefix(120).debugDescription)"
                guard found.insert(name).inserted else {
                    throw .malformed(file: path, at: place, reason: "another shard has it too")
                }
                guard let entry = missing.removeValue(forKey: name) else {
                    if name.hasSuffix(".rotary_emb.inv_freq") { continue }
                    throw .malformed(
                        file: path, at: place,
                        reason: name == "lm_head.weight" && tiesEmbeddings
                            ? "config.json ties the head to the embeddings, yet the file has a head of its own"
                            : "the model that config.json describes has no such tensor")
                }
                guard tensor.shape == entry.shape else {
                    throw .malformed(
                        file: path, at: place,
                        reason: "its shape is \(tensor.shape), config.json asks for \(entry.shape)")
                }
            }
        }
        if let name = missing.keys.min() {
            throw .malformed(
                file: paths.last ?? "", at: "tensor \(name.debugDescription)",
                reason: "it is missing, with \(missing.count - 1) more")
        }
    }
}

/// The folder of a checkpoint.
enum CheckpointFolder {
    static func create(_ folder: String) throws(EngineError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .unreadable(file: folder, reason: "the folder cannot be created")
        }
    }
}
