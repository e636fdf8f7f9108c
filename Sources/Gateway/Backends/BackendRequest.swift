public import ChatAPI
public import PromptSchema

/// What a backend is asked.
public struct BackendRequest: Sendable {
    /// How long a backend may take.
    public struct Limits: Sendable, Hashable {
        /// Until the answer begins; nil leaves it to the backend.
        public var firstByte: Duration?
        /// The whole answer; nil leaves it to the backend.
        public var total: Duration?

        /// Makes limits.
        public init(firstByte: Duration? = nil, total: Duration? = nil) {
            self.firstByte = firstByte
            self.total = total
        }
    }

    /// A chat completion, for backends that generate the answer themselves.
    public struct Chat: Sendable {
        /// The client's request: sampling, streaming, features.
        public let request: ChatRequest
        /// The beginning of the messages that is the operator's own text, the last of them possibly cut: no caller's
        /// secret is in it. Empty if nothing is known.
        public let operatorText: [PromptMessage]
        /// How the task's tuned model is to answer; nothing is demanded of other models.
        public let answer: AnswerRule
        private let stripped: [PromptMessage]?

        /// Makes a chat; without a stripped prompt, the messages to answer are the request's.
        public init(
            request: ChatRequest, stripped: [PromptMessage]? = nil, operatorText: [PromptMessage] = [],
            answer: AnswerRule? = nil
        ) {
            self.request = request
            self.stripped = stripped
            self.operatorText = operatorText
            self.answer = answer ?? AnswerRule()
        }

        /// The messages to answer, after stripping; nil if they are not text throughout. Unescaped anew at each call.
        public var messages: [PromptMessage]? { stripped ?? RequestMessages(request)?.messages }
    }

    /// The request's id.
    public let id: String
    /// The method.
    public let method: String
    /// Path and query as the client sent them, starting with `/v1/`.
    public let target: String
    /// The client's header fields without those of the gateway, and without `Authorization` if that held a gateway key.
    public let headers: HeaderFields
    /// The body to send, final to the byte.
    public let body: [UInt8]
    /// The model to ask, as it stands in `body`; empty for requests that name none.
    public let model: String
    /// The chat completion; nil for every other kind of request.
    public let chat: Chat?
    /// How long the backend may take.
    public let limits: Limits
    /// Whose request it is, where callers have keys: what a backend keeps of a prompt is not for others.
    public let tenant: String?

    /// Makes a request.
    public init(
        id: String, method: String = "POST", target: String = "/v1/chat/completions", headers: HeaderFields = [],
        body: [UInt8], model: String, chat: Chat? = nil, limits: Limits = Limits(), tenant: String? = nil
    ) {
        self.id = id
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.model = model
        self.chat = chat
        self.limits = limits
        self.tenant = tenant
    }
}
