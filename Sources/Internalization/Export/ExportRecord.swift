import Foundation
import PromptSchema

/// Writes a stage's row as one line of JSON, in the shape that a tool documents.
struct ExportRecord {
    let target: ExportTarget
    let family: BedrockFamily

    /// The line, without its end.
    func line(_ prompt: StagePrompts.Prompt) -> Data {
        let answer = Turn(role: "assistant", content: prompt.answer)
        let turns = prompt.messages.map {
            Turn(role: $0.role.rawValue, content: String(decoding: $0.text, as: UTF8.self))
        }
        return switch target {
        case .openai, .llamaFactory: Self.json(["messages": turns + [answer]])
        case .axolotl: Self.json(["messages": turns.map { $0.training(false) } + [answer.training(true)]])
        case .trl: Self.json(["prompt": turns, "completion": [answer]])
        case .peft: Self.json(Answered(messages: turns, answer: prompt.answer))
        case .bedrock: bedrock(turns, prompt.answer)
        }
    }

    private func bedrock(_ turns: [Turn], _ answer: String) -> Data {
        let system = turns.first.flatMap { ["system", "developer"].contains($0.role) ? $0.content : nil }
        let rest = Array(turns.dropFirst(system == nil ? 0 : 1))
        switch family {
        case .nova:
            let messages = (rest + [Turn(role: "assistant", content: answer)]).map {
                Conversation.Message(role: $0.role, content: [.init(text: $0.content)])
            }
            return Self.json(
                Conversation(
                    schemaVersion: "bedrock-conversation-2024", system: system.map { [.init(text: $0)] },
                    messages: messages))
        case .claude:
            return Self.json(Claude(system: system, messages: rest + [Turn(role: "assistant", content: answer)]))
        case .text:
            let prompt = turns.map(\.content).joined(separator: "\n\n")
            return Self.json(["prompt": prompt, "completion": answer])
        }
    }

    private static func json(_ value: some Encodable) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings, arrays and objects of them always encode.
        return (try? encoder.encode(value)) ?? Data()
    }
}

/// A chat message; `train` is Axolotl's mark.
private struct Turn: Encodable {
    var role: String
    var content: String
    var train: Bool?

    func training(_ train: Bool) -> Turn {
        var marked = self
        marked.train = train
        return marked
    }
}

private struct Answered: Encodable {
    let messages: [Turn]
    let answer: String
}

private struct Conversation: Encodable {
    struct Text: Encodable {
        let text: String
    }
    struct Message: Encodable {
        let role: String
        let content: [Text]
    }
    let schemaVersion: String
    let system: [Text]?
    let messages: [Message]
}

private struct Claude: Encodable {
    let system: String?
    let messages: [Turn]
}
