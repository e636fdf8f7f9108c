/// Writes answers that the gateway makes itself, with every key the API's description requires.
///
/// One encoder belongs to one answer: its id, time and model are the same in every chunk.
public struct CompletionEncoder: Hashable, Sendable {
    /// Which endpoint's shape the answer has.
    public enum Shape: Hashable, Sendable {
        /// `/v1/chat/completions`.
        case chat
        /// `/v1/completions`.
        case text
    }

    /// The answer's id, such as `chatcmpl-…`; unique.
    public let id: String
    /// The time of the request in seconds since 1970.
    public let created: Int
    /// The model's name as the client knows it.
    public let model: String
    /// The endpoint's shape.
    public let shape: Shape

    /// An encoder for one answer.
    public init(id: String, created: Int, model: String, shape: Shape = .chat) {
        self.id = id
        self.created = created
        self.model = model
        self.shape = shape
    }

    /// The body of an answer of one choice that is sent whole.
    public func completion(_ text: String, finishReason: FinishReason, usage: Usage) -> [UInt8] {
        completion([AnswerChoice(text: text, finishReason: finishReason)], usage: usage)
    }

    /// The body of an answer that is sent whole.
    public func completion(_ choices: [AnswerChoice], usage: Usage) -> [UInt8] {
        var json = JSONWriter(capacity: 512 + choices.reduce(0) { $0 + $1.text.utf8.count })
        json.object { json in
            json.raw(head(shape == .chat ? "chat.completion" : "text_completion"))
            json.array("choices") { json in
                for (index, choice) in choices.enumerated() {
                    json.object { write(choice, index, to: &$0) }
                }
            }
            json.key("usage")
            usage.write(to: &json)
        }
        return json.bytes
    }

    private func write(_ choice: AnswerChoice, _ index: Int, to json: inout JSONWriter) {
        json.member("index", index)
        switch shape {
        case .chat:
            json.object("message") { json in
                json.member("role", "assistant")
                json.member("content", choice.text.isEmpty && !choice.toolCalls.isEmpty ? nil : choice.text)
                json.member("refusal", nil as String?)
                guard !choice.toolCalls.isEmpty else { return }
                json.array("tool_calls") { json in
                    for call in choice.toolCalls { call.write(index: nil, to: &json) }
                }
            }
            TokenLogprob.write(chat: choice.logprobs, to: &json)
        case .text:
            json.member("text", choice.text)
            TokenLogprob.write(completion: choice.logprobs, offset: 0, to: &json)
        }
        json.member("finish_reason", choice.finishReason.rawValue)
    }

    /// A stream of this answer; `includeUsage` says whether the client asked for the usage chunk.
    public func stream(includeUsage: Bool, choices: Int = 1) -> CompletionStream {
        CompletionStream(encoder: self, includeUsage: includeUsage, choices: choices)
    }

    /// The body of an answer to `/v1/embeddings`.
    ///
    /// - Parameter base64: the vectors as base64 of little-endian float32, instead of as numbers.
    public func embeddings(_ vectors: [[Float]], base64: Bool, promptTokens: Int) -> [UInt8] {
        var json = JSONWriter(capacity: 256 + vectors.reduce(0) { $0 + $1.count * 12 })
        json.object { json in
            json.member("object", "list")
            json.array("data") { json in
                for (index, vector) in vectors.enumerated() {
                    json.object { json in
                        json.member("object", "embedding")
                        json.member("index", index)
                        if base64 {
                            json.member("embedding", Base64.encode(vector))
                        } else {
                            json.array("embedding") { json in
                                for value in vector { json.raw((value.isFinite ? value.description : "null").utf8) }
                            }
                        }
                    }
                }
            }
            json.member("model", model)
            json.object("usage") { json in
                json.member("prompt_tokens", promptTokens)
                json.member("total_tokens", promptTokens)
            }
        }
        return json.bytes
    }

    /// The members that every object of the answer starts with, without the braces around them.
    func head(_ object: String) -> [UInt8] {
        var json = JSONWriter()
        json.member("id", id)
        json.member("object", object)
        json.member("created", created)
        json.member("model", model)
        json.member("system_fingerprint", nil as String?)
        if shape == .chat { json.member("service_tier", nil as String?) }
        return json.bytes
    }
}
