import Foundation

/// Cosines and sines of the rotary position embedding: row p, column i holds the angle p * f(theta^(-2i/headSize)),
/// where f is the model's `RotaryScaling`.
///
/// Source: Su et al., "RoFormer", 2021, equation 34, in the rotate-half order of Hugging Face's Llama.
public struct RotaryTable: Sendable {
    /// [positions, headSize / 2].
    public private(set) var cosines: [Float] = []
    /// [positions, headSize / 2].
    public private(set) var sines: [Float] = []
    /// Rows of the table.
    public private(set) var positions = 0
    private let frequencies: [Float]

    /// The table for every position that the model allows.
    public init(_ config: ModelConfig) {
        self.init(config, positions: config.maximumPositions)
    }

    /// The table for the first positions.
    init(_ config: ModelConfig, positions: Int) {
        // Frequencies are rounded to float32 as transformers does, so that long positions agree.
        frequencies = (0..<config.headSize / 2).map { index in
            config.ropeScaling.apply(
                to: Float(1 / pow(Double(config.ropeTheta), Double(2 * index) / Double(config.headSize))))
        }
        grow(to: positions)
    }

    /// Adds rows up to so many positions.
    mutating func grow(to count: Int) {
        guard count > positions else { return }
        cosines.reserveCapacity(count * frequencies.count)
        sines.reserveCapacity(count * frequencies.count)
        for position in positions..<count {
            for frequency in frequencies {
                let angle = Double(Float(position) * frequency)
                cosines.append(Float(cos(angle)))
                sines.append(Float(sin(angle)))
            }
        }
        positions = count
    }
}
