/// The body of a `POST /v1/completions`, for a backend that answers it itself.
///
/// Unlike a chat request it is read only where it is answered, so everything odd is an error that names the field.
public struct CompletionRequest: Sendable {
    /// `model`; never empty.
    public let model: String
    /// `prompt`: at least one.
    public let prompts: [PromptInput]
    /// What the answer is drawn with; `maxTokens` is 16 if absent, and may be 0 with `echo`.
    public let sampling: SamplingParameters
    /// `echo`: the prompt comes before the answer.
    public let echo: Bool
    /// `stream`.
    public let stream: Bool
    /// `stream_options.include_usage`.
    public let includeUsage: Bool
    /// `cache_prompt`: false keeps the prompt out of the engine's prefix cache; true if absent.
    public let cachesPrompt: Bool

    /// Reads the body.
    public init(_ body: [UInt8], limits: JSONLimits = JSONLimits()) throws(RequestError) {
        let document: JSONDocument
        do {
            document = try JSONDocument(body, limits: limits)
        } catch {
            throw RequestError(error)
        }
        var decoder = CompletionRequestDecoder()
        try decoder.read(document.root)
        guard let model = decoder.model else { throw .missing("model") }
        guard let prompts = decoder.prompts else { throw .missing("prompt") }
        self.model = model
        self.prompts = prompts
        sampling = decoder.sampling
        echo = decoder.echo
        stream = decoder.stream
        includeUsage = decoder.includeUsage
        cachesPrompt = decoder.cachesPrompt
    }
}
