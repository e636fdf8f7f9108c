import Foundation

/// How the rotary frequencies differ from theta^(-2i/headSize), to reach beyond the length of pretraining.
public enum RotaryScaling: Sendable, Equatable {
    /// Not at all.
    case none
    /// Every frequency divided by a factor (Chen et al., "Position Interpolation", 2023).
    case linear(factor: Float)
    /// Llama 3.1's rule: low frequencies divided by the factor, high ones kept, those between blended.
    case llama3(Llama3)

    /// The constants of Llama 3.1's rule, by their names in `rope_scaling`.
    public struct Llama3: Sendable, Equatable {
        /// Divides the low frequencies.
        public var factor: Float
        /// Wavelengths above originalPositions / lowFrequencyFactor count as low frequencies.
        public var lowFrequencyFactor: Float
        /// Wavelengths below originalPositions / highFrequencyFactor count as high frequencies.
        public var highFrequencyFactor: Float
        /// The longest sequence of pretraining.
        public var originalPositions: Int

        /// Takes the four constants.
        public init(factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalPositions: Int) {
            self.factor = factor
            self.lowFrequencyFactor = lowFrequencyFactor
            self.highFrequencyFactor = highFrequencyFactor
            self.originalPositions = originalPositions
        }
    }

    /// The scaled frequency, in float32 as transformers computes it, so that long positions agree.
    public func apply(to frequency: Float) -> Float {
        switch self {
        case .none: return frequency
        case .linear(let factor): return frequency / factor
        case .llama3(let rule):
            let wavelength = 2 * Float.pi / frequency
            let original = Float(rule.originalPositions)
            if wavelength > original / rule.lowFrequencyFactor { return frequency / rule.factor }
            if wavelength < original / rule.highFrequencyFactor { return frequency }
            let share =
                (original / wavelength - rule.lowFrequencyFactor)
                / (rule.highFrequencyFactor - rule.lowFrequencyFactor)
            return (1 - share) * frequency / rule.factor + share * frequency
        }
    }
}
