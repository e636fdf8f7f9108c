import Synchronization

/// A backend's answer: status and header fields at once, the body as it comes.
public struct Reply: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The end-to-end header fields.
    public let headers: HeaderFields
    /// The body.
    public let body: ReplyStream
    /// The tokens as the backend itself counts them while it answers; nil if only the answer's `usage` can tell.
    public let counted: TokenCounter?

    /// Makes an answer.
    public init(status: Int, headers: HeaderFields, body: ReplyStream, counted: TokenCounter? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.counted = counted
    }
}

/// Tokens that a backend counts while it works; readable at any time, so that an answer cut short is counted too.
public final class TokenCounter: Sendable {
    private struct State {
        var completion = 0
        var cached = 0
        var firstToken: ContinuousClock.Instant?
    }

    /// Tokens of the prompt that was processed.
    public let prompt: Int
    private let state = Mutex(State())

    /// Starts with no token generated.
    public init(prompt: Int) {
        self.prompt = prompt
    }

    /// Notes generated tokens.
    public func add(_ tokens: Int = 1) {
        state.withLock { state in
            state.completion += tokens
            if state.firstToken == nil { state.firstToken = .now }
        }
    }

    /// Notes prompt tokens that were taken from the backend's own cache.
    public func noteCached(_ tokens: Int) {
        state.withLock { $0.cached += tokens }
    }

    /// Prompt tokens that were taken from the backend's own cache.
    public var cached: Int { state.withLock { $0.cached } }

    /// Tokens generated so far.
    public var completion: Int { state.withLock { $0.completion } }

    /// When the first token was there.
    public var firstToken: ContinuousClock.Instant? { state.withLock { $0.firstToken } }
}
