public import Engine
import Foundation
import Randomness

extension SplitMix64 {
    /// Standard normal, by Box and Muller's transform.
    mutating func normal() -> Double {
        (-2 * log(1 - unit())).squareRoot() * cos(2 * Double.pi * unit())
    }
}

extension ModelWeights {
    /// Random weights: normal, with a smaller deviation on the layers that write to the residual stream.
    ///
    /// A small model learns to look things up in its prompt only from small, depth-scaled weights (docs/training.md).
    public static func random(
        _ config: ModelConfig, seed: UInt64, deviation: Double = 0.04, residualDeviation: Double = 0.014,
        embeddingDeviation: Double = 0.05
    ) -> ModelWeights {
        var weights = ModelWeights(config: config)
        var random = SplitMix64(seed: seed)
        for entry in weights.layout.entries {
            let scale: Double? =
                if entry.name.hasSuffix(".bias") {
                    0
                } else if entry.shape.count == 1 {
                    nil
                } else if entry.name.hasSuffix("o_proj.weight") || entry.name.hasSuffix("down_proj.weight") {
                    residualDeviation
                } else if entry.name.contains("layers") {
                    deviation
                } else {
                    embeddingDeviation
                }
            for index in entry.range {
                weights.values[index] = scale.map { Float(random.normal() * $0) } ?? 1
            }
        }
        return weights
    }
}

extension LoRAAdapter {
    /// An adapter that changes nothing yet: A uniform in ±1/sqrt(inputs), B zero, as PEFT starts it.
    public static func initial(config: Config, model: ModelConfig, seed: UInt64) -> LoRAAdapter {
        var adapter = LoRAAdapter(config: config, model: model)
        var random = SplitMix64(seed: seed)
        for layer in 0..<model.layerCount {
            for projection in config.targets {
                guard let pair = adapter.pair(layer: layer, projection) else { continue }
                let bound = 1 / Double(projection.shape(in: model).inputs).squareRoot()
                for index in pair.down { adapter.values[index] = Float((random.unit() * 2 - 1) * bound) }
            }
        }
        return adapter
    }
}
