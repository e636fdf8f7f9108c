public import Engine
import Foundation

/// A SplitMix64 sequence with normal and uniform draws, so that a seed names a training run.
public struct TrainingRandom: RandomNumberGenerator, Sendable {
    /// The whole state, so that a checkpoint can keep it.
    public private(set) var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits (Steele, Lea, Flood, 2014).
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform in [0, 1).
    public mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Standard normal, by Box and Muller's transform.
    public mutating func normal() -> Double {
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
        var random = TrainingRandom(seed: seed)
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
        var random = TrainingRandom(seed: seed)
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
