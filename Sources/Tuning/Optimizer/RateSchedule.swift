import Foundation

/// The learning rate of a step: a linear warm-up, then half a cosine down to a share of the peak.
public struct RateSchedule: Sendable, Equatable {
    /// Highest rate.
    public var peak: Float
    /// Steps of the warm-up.
    public var warmUpSteps: Int
    /// Steps in all; later steps keep the last rate.
    public var totalSteps: Int
    /// The last rate as a share of the peak.
    public var finalShare: Float

    /// A schedule over `totalSteps` steps.
    public init(peak: Float, warmUpSteps: Int, totalSteps: Int, finalShare: Float = 0.1) {
        self.peak = peak
        self.warmUpSteps = warmUpSteps
        self.totalSteps = totalSteps
        self.finalShare = finalShare
    }

    /// The rate of a step, counted from 0.
    public func rate(at step: Int) -> Float {
        if step < warmUpSteps { return peak * Float(step + 1) / Float(warmUpSteps) }
        let progress = min(1, Double(step - warmUpSteps) / Double(max(1, totalSteps - warmUpSteps)))
        let cosine = Float(0.5 * (1 + cos(Double.pi * progress)))
        return peak * (finalShare + (1 - finalShare) * cosine)
    }
}
