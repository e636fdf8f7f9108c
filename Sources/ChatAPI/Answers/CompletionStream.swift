/// Writes a streamed answer, event by event, in the only order clients accept.
///
/// The first event carries the role, then come the pieces of text, then exactly one event with the finish reason, then
/// the usage if the client asked for it, then `[DONE]`.
public struct CompletionStream: Sendable {
    private let head: [UInt8]
    private let includeUsage: Bool
    private var hasStarted = false
    private var hasFinished = false

    init(encoder: CompletionEncoder, includeUsage: Bool) {
        head = encoder.head("chat.completion.chunk")
        self.includeUsage = includeUsage
    }

    /// The first event, with the role; empty if it went out before.
    public mutating func start() -> [UInt8] {
        guard !hasStarted else { return [] }
        hasStarted = true
        return chunk(finishReason: nil) { json in
            json.member("role", "assistant")
            json.member("content", "")
            json.member("refusal", nil as String?)
        }
    }

    /// The events for a piece of text: empty if the piece is empty or the answer has ended.
    public mutating func text(_ piece: String) -> [UInt8] {
        guard !piece.isEmpty, !hasFinished else { return [] }
        return start() + chunk(finishReason: nil) { $0.member("content", piece) }
    }

    /// The events that end the answer; empty if it has ended before.
    public mutating func finish(_ reason: FinishReason, usage: Usage) -> [UInt8] {
        guard !hasFinished else { return [] }
        hasFinished = true
        var bytes = start() + chunk(finishReason: reason) { _ in }
        if includeUsage { bytes += usageChunk(usage) }
        return bytes + SSEWriter.done
    }

    private func chunk(finishReason: FinishReason?, delta: (inout JSONWriter) -> Void) -> [UInt8] {
        event { json in
            json.array("choices") { json in
                json.object { json in
                    json.member("index", 0)
                    json.object("delta", delta)
                    json.member("logprobs", nil as Bool?)
                    json.member("finish_reason", finishReason?.rawValue)
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
