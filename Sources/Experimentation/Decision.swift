/// The arm of a request and the reason for it.
public struct Decision: Sendable, Hashable {
    /// Whether the request was recognized as a task's, as far as the decision cares.
    public enum Recognized: Sendable, Hashable {
        /// It was parsed completely and uniquely.
        case task
        /// It belongs to no task; it is passed through.
        case noTask
        /// It looks like a task's but must not be shortened, for this reason (`drift`, `ambiguous`, ...).
        case refused(Reason)
    }

    /// Which way the request goes.
    public let arm: Arm
    /// Why.
    public let reason: Reason

    /// Makes a decision.
    public init(arm: Arm, reason: Reason) {
        self.arm = arm
        self.reason = reason
    }

    /// Decides the arm of a request; pure and total, so that a replay decides the same.
    ///
    /// The first rule that applies wins: no task, kill switch, bypass, recognition refused, mode `off`, manifest
    /// mismatch, unsupported features, mode `audit`, canary bucket. So `audit` and `canary_control` count only requests
    /// that could have been shortened.
    ///
    /// - Parameters:
    ///   - mode: the task's mode.
    ///   - killSwitch: whether the global kill switch is on.
    ///   - bypass: whether the caller asked for the full prompt.
    ///   - recognized: what recognition made of the request.
    ///   - manifestMatches: whether schema, template, tokenizer and base model equal the tuned model's manifest.
    ///   - unsupportedFeatures: what the request uses and the tuned backend lacks.
    ///   - bucket: the sticky key's bucket within the task; only a canary asks for it.
    public static func decide(
        mode: Mode, killSwitch: Bool, bypass: Bool, recognized: Recognized, manifestMatches: Bool = true,
        unsupportedFeatures: [String], bucket: @autoclosure () -> Bucket
    ) -> Decision {
        if recognized == .noTask { return Decision(arm: .passthrough, reason: .unrecognized) }
        if killSwitch { return .fullPrompt(.killSwitch) }
        if bypass { return .fullPrompt(.bypass) }
        if case .refused(let reason) = recognized { return .fullPrompt(reason) }
        if mode == .off { return .fullPrompt(.off) }
        if !manifestMatches { return .fullPrompt(.manifestMismatch) }
        if !unsupportedFeatures.isEmpty { return .fullPrompt(.unsupportedFeature) }
        switch mode {
        case .off: return .fullPrompt(.off)
        case .audit: return .fullPrompt(.audit)
        case .on: return Decision(arm: .internalized, reason: .on)
        case .canary:
            if bucket().number >= mode.internalizedBuckets { return .fullPrompt(.canaryControl) }
            return Decision(arm: .internalized, reason: .canary)
        }
    }

    private static func fullPrompt(_ reason: Reason) -> Decision {
        Decision(arm: .fullPrompt, reason: reason)
    }
}
