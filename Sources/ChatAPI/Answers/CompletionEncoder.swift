/// Writes answers that the gateway makes itself, with every key the API's description requires.
///
/// One encoder belongs to one answer: its id, time and model are the same in every chunk.
public struct CompletionEncoder: Hashable, Sendable {
    /// The answer's id, such as `chatcmpl-…`; unique.
    public let id: String
    /// The time of the request in seconds since 1970.
    public let created: Int
    /// The model's name as the client knows it.
    public let model: String

    /// An encoder for one answer.
    public init(id: String, created: Int, model: String) {
        self.id = id
        self.created = created
        self.model = model
    }

    /// The body of an answer that is sent whole.
    public func completion(_ text: String, finishReason: FinishReason, usage: Usage) -> [UInt8] {
        var json = JSONWriter(capacity: 512 + text.utf8.count)
        json.object { json in
            json.raw(head("chat.completion"))
            json.array("choices") { json in
                json.object { json in
                    json.member("index", 0)
                    json.object("message") { json in
                        json.member("role", "assistant")
                        json.member("content", text)
                        json.member("refusal", nil as String?)
                    }
                    json.member("logprobs", nil as Bool?)
                    json.member("finish_reason", finishReason.rawValue)
                }
            }
            json.key("usage")
            usage.write(to: &json)
        }
        return json.bytes
    }

    /// A stream of this answer; `includeUsage` says whether the client asked for the usage chunk.
    public func stream(includeUsage: Bool) -> CompletionStream {
        CompletionStream(encoder: self, includeUsage: includeUsage)
    }

    /// The members that every object of the answer starts with, without the braces around them.
    func head(_ object: String) -> [UInt8] {
        var json = JSONWriter()
        json.member("id", id)
        json.member("object", object)
        json.member("created", created)
        json.member("model", model)
        json.member("system_fingerprint", nil as String?)
        json.member("service_tier", nil as String?)
        return json.bytes
    }
}
