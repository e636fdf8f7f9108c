public import ChatAPI

/// Why a backend gave no answer, or broke off in the middle of one.
public struct BackendError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of causes; the raw value is the stable name in logs.
    public enum Code: String, Sendable, CaseIterable {
        /// Nobody could be reached.
        case connect
        /// The answer did not begin in time.
        case firstByteTimeout = "ttfb_timeout"
        /// The answer did not end in time, or stalled.
        case timeout
        /// The backend does not take this request: model, feature, length.
        case refused
        /// The backend has no room now.
        case overflow = "local_overflow"
        /// The answer ended before it was complete, or was not what it should be.
        case broken
        /// The caller left.
        case cancelled
        /// A fault inside the backend.
        case failed
    }

    /// The cause.
    public let code: Code
    /// False only if certainly nothing of the request reached the backend.
    public let wasSent: Bool
    /// What the client is told if nobody else answers.
    public let answer: APIError
    /// What the log is told; free of prompt text and secrets.
    public let detail: String

    /// Makes an error; the detail is the answer's message unless given.
    public init(_ code: Code, wasSent: Bool, answer: APIError, detail: String? = nil) {
        self.code = code
        self.wasSent = wasSent
        self.answer = answer
        self.detail = detail ?? answer.message
    }

    /// Code and detail.
    public var description: String { "\(code.rawValue): \(detail)" }
}
