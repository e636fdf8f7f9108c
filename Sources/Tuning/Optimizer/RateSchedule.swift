/// The learning rate of a step: a linear warm-up, a plateau, and a linear decay over the last steps.
///
/// Because the plateau does not depend on the number of steps, a run can be prolonged from a checkpoint of it.
public struct RateSchedule: Sendable, Equatable {
    /// Highest rate.
    public var peak: Float
    /// Steps of the warm-up.
    public var warmUpSteps: Int
    /// Steps in all; later steps keep the last rate.
    public var totalSteps: Int
    /// Steps of the decay at the end.
    public var decaySteps: Int
    /// The last rate as a share of the peak.
    public var finalShare: Float

    /// A schedule over `totalSteps` steps; without `decaySteps`, the decay starts right after the warm-up.
    public init(peak: Float, warmUpSteps: Int, totalSteps: Int, decaySteps: Int? = nil, finalShare: Float = 0.1) {
        self.peak = peak
        self.warmUpSteps = warmUpSteps
        self.totalSteps = totalSteps
        self.decaySteps = max(1, decaySteps ?? totalSteps - warmUpSteps)
        self.finalShare = finalShare
    }

    /// The rate of a step, counted from 0.
    public func rate(at step: Int) -> Float {
        if step < warmUpSteps { return peak * Float(step + 1) / Float(warmUpSteps) }
        let left = max(0, min(1, Float(totalSteps - step) / Float(decaySteps)))
        return peak * (finalShare + (1 - finalShare) * left)
    }
}
