import ChatAPI
import Gateway

/// All choices of one request, and their tokens together.
struct EngineAnswers: Sendable {
    let choices: [EngineAnswer]
    let counter: TokenCounter

    /// The tokens so far; a prompt that several choices answer counts once.
    var usage: Usage {
        Usage(promptTokens: counter.prompt, completionTokens: counter.completion, cachedTokens: counter.cached)
    }

    /// The answer as an event stream or as a whole.
    func reply(_ encoder: CompletionEncoder, stream: Bool, includeUsage: Bool) async throws(BackendError) -> Reply {
        guard stream else { return try await whole(encoder) }
        let events = EngineEvents(self, encoder.stream(includeUsage: includeUsage, choices: choices.count))
        return Reply(
            status: 200,
            headers: [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")],
            body: ReplyStream { try await events.next() }, counted: counter)
    }

    private func whole(_ encoder: CompletionEncoder) async throws(BackendError) -> Reply {
        var whole: [AnswerChoice] = []
        for choice in choices { whole.append(try await Self.whole(choice)) }
        let body = encoder.completion(whole, usage: usage)
        return Reply(
            status: 200, headers: [("content-type", "application/json"), ("content-length", String(body.count))],
            body: ReplyStream(body), counted: counter)
    }

    private static func whole(_ answer: EngineAnswer) async throws(BackendError) -> AnswerChoice {
        var choice = AnswerChoice(logprobs: answer.tellsLogprobs ? [] : nil)
        while true {
            switch try await answer.next() {
            case .text(let piece, let logprobs):
                choice.text += piece
                if let logprobs { choice.logprobs?.append(contentsOf: logprobs) }
            case .call(let call):
                choice.toolCalls.append(call)
            case .end(let reason):
                choice.finishReason = reason
                return choice
            }
        }
    }
}
