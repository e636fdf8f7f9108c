public import Foundation

/// One attempt to answer a request: counts, identities, money and times, never prompt text.
///
/// A request that a fallback answered has several entries with one request id; exactly one of them is final.
public struct LedgerEntry: Sendable, Equatable {
    /// Which way the attempt went; the raw value is what the table holds.
    public enum Arm: String, Sendable, Equatable, CaseIterable {
        /// The tuned model was asked with the shortened prompt.
        case internalized
        /// A known task's request went to the full-prompt backend.
        case fullPrompt = "full_prompt"
        /// A request of no task was forwarded.
        case passthrough
    }

    /// How the attempt ended; the raw value is what the table holds.
    public enum Outcome: String, Sendable, Equatable, CaseIterable {
        /// The whole answer went to the client.
        case complete
        /// The backend stopped in the middle of its answer.
        case partial
        /// The client left before the end.
        case aborted
        /// There was no answer, or the answer was an error.
        case failed
    }

    /// The request's id, unique to it, shared by its attempts.
    public var requestID: String
    /// 1 for the request's first attempt, then counted up.
    public var attempt: Int
    /// Whether this attempt is the one whose answer, or error, went to the client.
    public var isFinal: Bool
    /// When the attempt began; kept to the millisecond.
    public var time: Date
    /// The task's name, nil for a request of no task.
    public var task: String?
    /// The fingerprint of the schema that recognized the request.
    public var schemaFingerprint: String?
    /// The name of the caller's key, never the key itself; nil if the gateway asks for none.
    public var key: String?
    /// Which way the attempt went.
    public var arm: Arm
    /// The stable code that says why the attempt went this way.
    public var reason: String
    /// The backend's name in the configuration.
    public var backend: String
    /// The model that was asked.
    public var model: String
    /// The token counts and where they come from.
    public var tokens: TokenUse
    /// The prices, nil if one that is needed is unknown.
    public var money: AttemptMoney?
    /// Milliseconds from the request's arrival to the answer's first token, nil if there was none.
    public var timeToFirstToken: Double?
    /// Milliseconds from the request's arrival to the attempt's end.
    public var totalTime: Double
    /// The HTTP status that the backend answered with, 0 if it did not answer.
    public var status: Int
    /// How the attempt ended.
    public var outcome: Outcome
    /// The stable code of what went wrong, nil if nothing did or the client left.
    public var failure: String?

    /// Makes an entry.
    public init(
        requestID: String, attempt: Int = 1, isFinal: Bool = true, time: Date, task: String?,
        schemaFingerprint: String?, key: String? = nil, arm: Arm, reason: String, backend: String, model: String,
        tokens: TokenUse, money: AttemptMoney?, timeToFirstToken: Double?, totalTime: Double, status: Int,
        outcome: Outcome, failure: String? = nil
    ) {
        self.requestID = requestID
        self.attempt = attempt
        self.isFinal = isFinal
        self.time = time
        self.task = task
        self.schemaFingerprint = schemaFingerprint
        self.key = key
        self.arm = arm
        self.reason = reason
        self.backend = backend
        self.model = model
        self.tokens = tokens
        self.money = money
        self.timeToFirstToken = timeToFirstToken
        self.totalTime = totalTime
        self.status = status
        self.outcome = outcome
        self.failure = failure
    }
}
