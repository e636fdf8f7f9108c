import FuzzSupport

@testable import CheckpointFiles

/// A model's config.json gives a shape that can be laid out in memory, or an error that names the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConfig(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    let config: ModelConfig
    do throws(EngineError) {
        config = try ModelConfig(ConfigFile(bytes: input.remaining(), path: "config.json"))
    } catch {
        require(error.description.contains("config.json"), "an error names its file")
        return 0
    }
    require(config.headCount % config.keyValueHeadCount == 0 && config.headSize % 2 == 0, "heads fit together")
    require(config.maximumPositions * config.headSize <= 1 << 27, "the rotary table is bounded")
    require(config.ropeTheta > 0 && config.normEpsilon >= 0 && config.embeddingScale > 0, "constants are usable")
    require(config.endTokens.allSatisfy { $0 >= 0 && Int($0) < config.vocabularySize }, "end tokens are tokens")
    require(config.block.windows.isEmpty || config.block.windows.count == config.layerCount, "a window a layer")
    for index in 0..<8 {
        let frequency = config.ropeScaling.apply(to: 1 / Float(1 << index))
        require(frequency > 0 && frequency <= 1, "a frequency is scaled to a smaller one")
    }
    guard config.layerCount <= 64 else { return 0 }
    require(ModelLayout(config).count > 0, "a shape has parameters")
    return 0
}
