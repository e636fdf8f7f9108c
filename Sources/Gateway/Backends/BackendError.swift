public import ChatAPI

/// Why a backend gave no answer, or broke off in the middle of one.
public struct BackendError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of causes; the raw value is the stable name in logs.
    public enum Code: String, Sendable, CaseIterable {
        /// Nobody could be reached.
        case connect
        /// The name of the backend's host has no address.
        case dns
        /// Nobody could be reached in time.
        case connectTimeout = "connect_timeout"
        /// Certificate or handshake were refused.
        case tls
        /// It failed, or asked for a rest, so shortly before that it is not asked.
        case unavailable
        /// The request's own deadline has passed.
        case deadline
        /// The answer did not begin in time.
        case firstByteTimeout = "ttfb_timeout"
        /// The answer did not end in time, or stalled.
        case timeout
        /// The backend does not take this request: model, feature, length.
        case refused
        /// The backend has no room now.
        case overflow = "local_overflow"
        /// The answer ended before it was complete.
        case broken
        /// The answer was not what it should be: no sound HTTP, a redirect, a web page, nothing at all.
        case protocolViolation = "protocol"
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
    /// The status of the answer that was no use; 0 if there was none.
    public let status: Int

    /// Makes an error; the detail is the answer's message unless given.
    public init(_ code: Code, wasSent: Bool, answer: APIError, detail: String? = nil, status: Int = 0) {
        self.code = code
        self.wasSent = wasSent
        self.answer = answer
        self.detail = detail ?? answer.message
        self.status = status
    }

    /// Code and detail.
    public var description: String { "\(code.rawValue): \(detail)" }
}
