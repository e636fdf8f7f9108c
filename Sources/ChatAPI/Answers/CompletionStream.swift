/// Writes a streamed answer, event by event, in the only order clients accept.
///
/// Of each choice the first event carries the role, then come the pieces of text, then exactly one event with the finish
/// reason; after the last choice's end come the usage if the client asked for it, and `[DONE]`.
public struct CompletionStream: Sendable {
    private struct Choice {
        var hasStarted = false
        var hasFinished = false
        /// Characters of text so far, for a completion's `text_offset`.
        var characters = 0
        var toolCalls = 0
    }

    private let head: [UInt8]
    private let shape: CompletionEncoder.Shape
    private let includeUsage: Bool
    private var choices: [Choice]

    init(encoder: CompletionEncoder, includeUsage: Bool, choices: Int) {
        head = encoder.head(encoder.shape == .chat ? "chat.completion.chunk" : "text_completion")
        shape = encoder.shape
        self.includeUsage = includeUsage
        self.choices = [Choice](repeating: Choice(), count: choices)
    }

    /// The first event of a choice, with the role; empty if it went out before.
    public mutating func start(choice index: Int = 0) -> [UInt8] {
        guard !choices[index].hasStarted else { return [] }
        choices[index].hasStarted = true
        guard shape == .chat else { return [] }
        return chunk(index, finishReason: nil) { json in
            json.member("role", "assistant")
            json.member("content", "")
            json.member("refusal", nil as String?)
        }
    }

    /// The events for a piece of text: empty if the piece is empty or the answer has ended.
    public mutating func text(_ piece: String, choice index: Int = 0, logprobs: [TokenLogprob]? = nil) -> [UInt8] {
        guard !piece.isEmpty || logprobs?.isEmpty == false, !choices[index].hasFinished else { return [] }
        let first = start(choice: index)
        let offset = choices[index].characters
        choices[index].characters += piece.unicodeScalars.count
        guard shape == .chat else { return first + textChunk(index, piece, logprobs, offset, nil) }
        return first + chunk(index, logprobs: logprobs, finishReason: nil) { $0.member("content", piece) }
    }

    /// The events for a call of a tool: its name, then its arguments; empty if the answer has ended.
    public mutating func toolCall(_ call: ToolCall, choice index: Int = 0) -> [UInt8] {
        guard shape == .chat, !choices[index].hasFinished else { return [] }
        let first = start(choice: index)
        let number = choices[index].toolCalls
        choices[index].toolCalls += 1
        let opening = ToolCall(id: call.id, name: call.name, arguments: "")
        let name = chunk(index, finishReason: nil) { json in
            json.array("tool_calls") { opening.write(index: number, to: &$0) }
        }
        let arguments = chunk(index, finishReason: nil) { json in
            json.array("tool_calls") { json in
                json.object { json in
                    json.member("index", number)
                    json.object("function") { $0.member("arguments", call.arguments) }
                }
            }
        }
        return first + name + arguments
    }

    /// The events that end a choice, and the stream with the last of them; empty if it has ended before.
    public mutating func finish(
        _ reason: FinishReason, choice index: Int = 0, usage: @autoclosure () -> Usage
    ) -> [UInt8] {
        guard !choices[index].hasFinished else { return [] }
        var bytes = start(choice: index)
        choices[index].hasFinished = true
        bytes +=
            shape == .chat
            ? chunk(index, finishReason: reason) { _ in }
            : textChunk(index, "", nil, choices[index].characters, reason)
        guard choices.allSatisfy(\.hasFinished) else { return bytes }
        if includeUsage { bytes += usageChunk(usage()) }
        return bytes + SSEWriter.done
    }

    private func chunk(
        _ index: Int, logprobs: [TokenLogprob]? = nil, finishReason: FinishReason?, delta: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        choice(index) { json in
            json.object("delta", delta)
            TokenLogprob.write(chat: logprobs, to: &json)
            json.member("finish_reason", finishReason?.rawValue)
        }
    }

    private func textChunk(
        _ index: Int, _ piece: String, _ logprobs: [TokenLogprob]?, _ offset: Int, _ finishReason: FinishReason?
    ) -> [UInt8] {
        choice(index) { json in
            json.member("text", piece)
            TokenLogprob.write(completion: logprobs, offset: offset, to: &json)
            json.member("finish_reason", finishReason?.rawValue)
        }
    }

    private func choice(_ index: Int, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
        event { json in
            json.array("choices") { json in
                json.object { json in
                    json.member("index", index)
                    body(&json)
                }
            }
            if includeUsage { json.member("usage", nil as Int?) }
        }
    }

    private func usageChunk(_ usage: Usage) -> [UInt8] {
        event { json in
            json.array("choices") { _ in }
            json.key("usage")
            usage.write(to: &json)
        }
    }

    private func event(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(capacity: head.count + 256)
        json.object { json in
            json.raw(head)
            body(&json)
        }
        return SSEWriter.event(data: json.bytes)
    }
}
