/// A view of a chat completion request over the bytes that came.
///
/// Only what nobody could forward is refused: a body that is no JSON object, without a model or a message list, or with
/// a key twice in an object that is read here. Everything else that is odd or unknown is recorded in `features` and
/// left to whoever answers.
public struct ChatRequest: Sendable {
    /// The body as checked JSON.
    public let document: JSONDocument
    /// `model`; never empty.
    public let model: String
    /// The bytes of the value of `model`, quotes included.
    public let modelRange: Range<Int>
    /// The messages in order.
    public let messages: [ChatMessage]
    /// The bytes of the value of `messages`, brackets included.
    public let messagesRange: Range<Int>
    /// `stream`; false if absent.
    public let stream: Bool
    /// `stream_options`, if the key is there.
    let streamOptions: JSONValue?
    /// `stream_options.include_usage`; false if absent.
    public let includeUsage: Bool
    /// `user`, if it is a string.
    public let user: String?
    /// What the answer is to be drawn with.
    public let sampling: SamplingParameters
    /// What a backend must support beyond continuing text with `sampling`.
    public let features: Set<Feature>

    /// The body as it came.
    public var body: [UInt8] { document.bytes }

    /// Reads the body of a `POST /v1/chat/completions`.
    public init(_ body: [UInt8], limits: JSONLimits = JSONLimits()) throws(RequestError) {
        let document: JSONDocument
        do {
            document = try JSONDocument(body, limits: limits)
        } catch {
            throw RequestError(error)
        }
        try self.init(document)
    }

    /// What the value of a field must be, in words that fit after "It must be"; nil for fields without a range.
    public static func expectation(of field: String) -> String? { SamplingReader.expectation(field) }

    /// Reads a request from a document that was checked already.
    public init(_ document: JSONDocument) throws(RequestError) {
        var decoder = ChatRequestDecoder()
        try decoder.read(document.root)
        guard let model = decoder.model else { throw .missing("model") }
        guard let messages = decoder.messages else { throw .missing("messages") }
        self.document = document
        self.model = model.name
        modelRange = model.range
        self.messages = messages.list
        messagesRange = messages.range
        stream = decoder.stream
        streamOptions = decoder.streamOptions
        includeUsage = decoder.includeUsage
        user = decoder.user
        sampling = decoder.sampling
        features = decoder.features
    }
}
