import FuzzSupport

@testable import CheckpointFiles

/// An adapter_config.json gives sizes for layers of the model, or an error that names the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAdapter(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    let model = ModelConfig(
        vocabularySize: 8, hiddenSize: 8, intermediateSize: 12, layerCount: 3, headCount: 2, keyValueHeadCount: 1,
        headSize: 4, maximumPositions: 16)
    let config: LoRAAdapter.Config
    do throws(EngineError) {
        config = try LoRAAdapter.Config(
            ConfigFile(bytes: input.remaining(), path: "adapter_config.json"), model: model)
    } catch {
        require(error.description.contains("adapter_config.json"), "an error names its file")
        return 0
    }
    var adapted = 0
    for layer in 0..<model.layerCount {
        for projection in Projection.allCases {
            guard let size = config.size(layer: layer, projection) else { continue }
            let shape = projection.shape(in: model)
            require(size.rank > 0 && size.rank <= 4 * max(shape.inputs, shape.outputs), "ranks are bounded")
            adapted += size.rank * (shape.inputs + shape.outputs)
        }
    }
    require(adapted > 0, "something is adapted")
    require(LoRAAdapter(config: config, model: model).values.count == adapted, "an adapter has its sizes")
    return 0
}
