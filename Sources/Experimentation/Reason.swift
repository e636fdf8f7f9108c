/// Why a request got its arm: a stable code in the ledger, the headers and the metrics.
///
/// The set is open: the gateway adds the reasons of its fallbacks. A code is lower-case words joined by underscores.
public struct Reason: RawRepresentable, Sendable, Hashable, Codable {
    /// The code.
    public let rawValue: String

    /// Takes a code as it is.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The mode is `on`: answered by the tuned model.
    public static let on = Reason(rawValue: "on")
    /// The sticky key's bucket is inside the canary's percentage: answered by the tuned model.
    public static let canary = Reason(rawValue: "canary")
    /// The sticky key's bucket is outside the canary's percentage.
    public static let canaryControl = Reason(rawValue: "canary_control")
    /// The mode is `off`.
    public static let off = Reason(rawValue: "off")
    /// The mode is `audit`: the request could have been shortened.
    public static let audit = Reason(rawValue: "audit")
    /// The global kill switch is on.
    public static let killSwitch = Reason(rawValue: "kill_switch")
    /// The caller asked for the full prompt.
    public static let bypass = Reason(rawValue: "bypass")

    /// No schema opens like this request.
    public static let unrecognized = Reason(rawValue: "unrecognized")
    /// The request opens like a task's prompt and differs from it later.
    public static let drift = Reason(rawValue: "drift")
    /// The request can be read in two ways.
    public static let ambiguous = Reason(rawValue: "ambiguous")
    /// The prompt holds an example that the task's bank does not.
    public static let unknownExample = Reason(rawValue: "unknown_example")
    /// The prompt has the task's template with other turns or roles.
    public static let messages = Reason(rawValue: "messages")
    /// A query is empty, or a text or a number of examples is beyond the schema's limit.
    public static let limit = Reason(rawValue: "limit")

    /// The request uses something that the tuned backend lacks.
    public static let unsupportedFeature = Reason(rawValue: "unsupported_feature")
    /// The schema, template, tokenizer or base model differs from what the tuned model was trained with.
    public static let manifestMismatch = Reason(rawValue: "manifest_mismatch")

    /// The tuned backend failed before the first byte of the answer.
    public static let tunedFailed = Reason(rawValue: "tuned_failed")
    /// The tuned backend did not begin to answer in time.
    public static let tunedTimeout = Reason(rawValue: "tuned_timeout")
    /// The tuned backend refused the request.
    public static let tunedRefused = Reason(rawValue: "tuned_refused")
}

extension Reason: CustomStringConvertible {
    /// The code.
    public var description: String { rawValue }
}
