import Foundation
public import PromptSchema

/// A chat request with the answer it got: what a line of a recording, or of a fine-tuning file, holds.
///
/// Two forms are read: {"messages": […, {"role": "assistant", …}]}, as in OpenAI's fine-tuning files, and
/// {"request": {"messages": […]}, "response": {"choices": [{"message": {"content": …}}]}}.
public struct RecordedExchange: Sendable, Equatable {
    /// Why a line is no exchange.
    public enum Problem: String, Error, Sendable, CaseIterable {
        /// The line is not a JSON object.
        case notJSON = "not_json"
        /// There is no list of messages, or a message lacks its role.
        case noMessages = "no_messages"
        /// A message holds more than text: an image, a tool call.
        case notText = "not_text"
        /// There is no answer, or it is empty.
        case noAnswer = "no_answer"
    }

    /// The request's messages.
    public let messages: [PromptMessage]
    /// The assistant's answer.
    public let answer: String

    private struct Line: Decodable {
        struct Body: Decodable { let messages: [Message] }
        struct Choice: Decodable { let message: Message }
        struct Response: Decodable { let choices: [Choice] }

        let messages: [Message]?
        let request: Body?
        let response: Response?
    }

    private struct Message: Decodable {
        let role: String?
        let content: Content?
        let tool_calls: [Ignored]?
    }

    private struct Ignored: Decodable {
        init(from decoder: any Decoder) {}
    }

    private enum Content: Decodable {
        case text(String)
        case other

        private struct Part: Decodable {
            let type: String
            let text: String?
        }

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let parts = try? value.decode([Part].self),
                parts.allSatisfy({ $0.type == "text" && $0.text != nil })
            {
                self = .text(parts.compactMap(\.text).joined())
            } else {
                self = .other
            }
        }
    }

    /// Reads a line.
    init(_ line: Data) throws(Problem) {
        guard let parsed = try? JSONDecoder().decode(Line.self, from: line) else {
            throw (try? JSONSerialization.jsonObject(with: line)) is [String: Any] ? .noMessages : .notJSON
        }
        var all = parsed.request?.messages ?? parsed.messages ?? []
        guard !all.isEmpty else { throw .noMessages }
        let last: Message
        if let response = parsed.response {
            guard let choice = response.choices.first else { throw .noAnswer }
            last = choice.message
        } else {
            last = all.removeLast()
            guard last.role == Role.assistant.rawValue else { throw .noAnswer }
        }
        guard !all.isEmpty else { throw .noMessages }
        var messages: [PromptMessage] = []
        for message in all {
            guard let role = message.role.flatMap(Role.init(rawValue:)) else { throw .noMessages }
            guard case .text(let text) = message.content, message.tool_calls == nil else { throw .notText }
            messages.append(PromptMessage(role: role, text: text))
        }
        guard case .text(let answer) = last.content, last.tool_calls == nil else { throw .noAnswer }
        // Byte by byte: Swift takes CR LF for one character.
        let normalized = answer.replacingOccurrences(of: "\r\n", with: "\n").trimmingCharacters(
            in: .whitespacesAndNewlines)
        guard !normalized.isEmpty else { throw .noAnswer }
        self.messages = messages
        self.answer = normalized
    }
}
