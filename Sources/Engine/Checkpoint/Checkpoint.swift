import Foundation

/// A Hugging Face checkpoint folder, open: its shape is known and its files are checked and mapped, but no weight is
/// converted until it is asked for.
///
/// What is converted from it tensor by tensor needs the memory of the result and of one tensor; `weights()` needs four
/// bytes a parameter.
public struct Checkpoint: Sendable {
    /// The model's shape.
    public let config: ModelConfig
    /// The parameters, by the places they have in `ModelWeights`.
    public let layout: ModelLayout
    private let places: [Place]

    /// The files that hold the parameters, by name.
    var files: [SafetensorsFile] {
        var files: [String: SafetensorsFile] = [:]
        for place in places { files[place.file.name] = place.file }
        return files.sorted { $0.key < $1.key }.map(\.value)
    }

    private struct Place {
        let file: SafetensorsFile
        let tensor: SafetensorsHeader.Tensor
        let entry: ModelLayout.Entry
    }

    /// Opens `config.json` and `model.safetensors`, or the shards that `model.safetensors.index.json` names.
    ///
    /// - Throws: `EngineError` naming the file and the tensor that is missing, not expected, or of another shape;
    ///   all of that is checked before memory for weights is taken.
    public init(folder: String) throws(EngineError) {
        config = try ModelConfig.load(folder: folder)
        try Self.checkSize(config, folder: folder)
        layout = ModelLayout(config)
        places = try Self.places(layout, config, paths: CheckpointFolder.shards(folder))
    }

    /// The float32 values of a parameter or of consecutive elements of one, by their places in the layout, as the
    /// engine uses them.
    public func values(in range: Range<Int>) -> [Float] {
        guard let place = place(of: range) else { preconditionFailure("\(range) is in no parameter") }
        var values = [Float](repeating: 0, count: range.count)
        read(place, range, into: &values, at: 0)
        return values
    }

    /// All parameters as float32.
    public func weights() -> ModelWeights {
        var weights = ModelWeights(config: config)
        for place in places {
            read(place, place.entry.range, into: &weights.values, at: place.entry.range.lowerBound)
        }
        return weights
    }

    private func read(_ place: Place, _ range: Range<Int>, into values: inout [Float], at index: Int) {
        let start = range.lowerBound - place.entry.range.lowerBound
        place.file.read(place.tensor, elements: start..<start + range.count, into: &values, at: index)
        let offset = place.entry.isNorm ? config.family.normOffset : 0
        guard offset != 0 else { return }
        for index in index..<index + range.count { values[index] += offset }
    }

    /// The parameter that a range lies in; the places are in the order of the layout.
    private func place(of range: Range<Int>) -> Place? {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].entry.range.upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        guard low < places.count, places[low].entry.range.lowerBound <= range.lowerBound,
            range.upperBound <= places[low].entry.range.upperBound
        else { return nil }
        return places[low]
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

    /// Finds every tensor of the layout in the files, once and in its shape, and nothing unknown.
    private static func places(
        _ layout: ModelLayout, _ config: ModelConfig, paths: [String]
    ) throws(EngineError) -> [Place] {
        var missing = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0) })
        var found: Set<String> = []
        var places: [Place] = []
        var head: (file: SafetensorsFile, tensor: SafetensorsHeader.Tensor)?
        for path in paths {
            let file = try SafetensorsFile(path: path)
            for (name, tensor) in file.header.tensors.sorted(by: { $0.key < $1.key }) {
                let place = "tensor \(name.prefix(120).debugDescription)"
                guard found.insert(name).inserted else {
                    throw .malformed(file: path, at: place, reason: "another shard has it too")
                }
                guard let entry = missing.removeValue(forKey: name) else {
                    if name.hasSuffix(".rotary_emb.inv_freq") { continue }
                    if name == "lm_head.weight" && config.tiesEmbeddings {
                        head = (file, tensor)
                        continue
                    }
                    throw .malformed(
                        file: path, at: place, reason: "the model that config.json describes has no such tensor")
                }
                guard tensor.shape == entry.shape else {
                    throw .malformed(
                        file: path, at: place,
                        reason: "its shape is \(tensor.shape), config.json asks for \(entry.shape)")
                }
                places.append(Place(file: file, tensor: tensor, entry: entry))
            }
        }
        if let name = missing.keys.min() {
            throw .malformed(
                file: paths.last ?? "", at: "tensor \(name.debugDescription)",
                reason: "it is missing, with \(missing.count - 1) more")
        }
        places.sort { $0.entry.range.lowerBound < $1.entry.range.lowerBound }
        if let head, !head.file.holdsSame(head.tensor, as: places[0].tensor, of: places[0].file) {
            throw .malformed(
                file: head.file.path, at: "tensor \"lm_head.weight\"",
                reason: "config.json ties the head to the embeddings, yet the file has another head")
        }
        return places
    }
}
