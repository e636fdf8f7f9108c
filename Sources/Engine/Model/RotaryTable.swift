import Foundation

/// Cosines and sines of the rotary position embedding: row p, column i holds the angle p * f(theta^(-2i/headSize)),
/// where f is the model's `RotaryScaling`.
///
/// Source: Su et al., "RoFormer", 2021, equation 34, in the rotate-half order of Hugging Face's Llama.
public struct RotaryTable: Sendable {
    /// [positions, headSize / 2].
    public let cosines: [Float]
    /// [positions, headSize / 2].
    public let sines: [Float]

    /// The table for every position that the model allows.
    public init(_ config: ModelConfig) {
        let half = config.headSize / 2
        var cosines: [Float] = []
        var sines: [Float] = []
        cosines.reserveCapacity(config.maximumPositions * half)
        sines.reserveCapacity(config.maximumPositions * half)
        // Frequencies are rounded to float32 as transformers does, so that long positions agree.
        let frequencies = (0..<half).map { index in
            config.ropeScaling.apply(
                to: Float(1 / pow(Double(config.ropeTheta), Double(2 * index) / Double(config.headSize))))
        }
        for position in 0..<config.maximumPositions {
            for frequency in frequencies {
                let angle = Double(Float(position) * frequency)
                cosines.append(Float(cos(angle)))
                sines.append(Float(sin(angle)))
            }
        }
        self.cosines = cosines
        self.sines = sines
    }
}
