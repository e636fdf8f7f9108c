import ChatAPI
import Gateway
import Tokenization

/// How calls of tools are found in an answer.
struct ToolAnswer: Sendable {
    let format: ToolCallFormat
    /// The JSON schemas of the arguments of the request's tools, by name.
    let schemas: [String: [UInt8]]
    /// The control tokens around calls, which are part of the text that is searched.
    let tokens: Set<Int32>
    /// Whether the answer must be a call; its opening is then the prompt's end.
    let isForced: Bool
    let opening: [Int32]
    let grammar: AnswerGrammar?
    let limit: Int?
}

extension EngineBackend {
    /// What a request's tools mean for its answers; nil if the answers are text.
    func toolAnswer(_ request: ChatRequest) throws(BackendError) -> ToolAnswer? {
        guard request.features.contains(.tools), let wanted = try ToolRequest(request) else { return nil }
        guard let format = template.toolCallFormat else {
            guard wanted.demanded != nil else { return nil }
            throw Self.refused(
                .invalidRequest(
                    "The model '\(request.model.prefix(100))' cannot be made to call a tool: its chat template does not "
                        + "tell how calls are written.", param: "tool_choice", code: "unsupported_feature"))
        }
        guard request.sampling.logprobs == nil else {
            throw Self.refused(
                .invalidRequest(
                    "'logprobs' is not supported beside 'tools'.", param: "logprobs", code: "unsupported_feature"))
        }
        let marks = [format.opening, format.closing].compactMap { $0 }
        let tokens = Set(tokenizer.addedTokens.filter { marks.contains($0.content) }.map(\.id))
        let isForced = wanted.demanded != nil
        // Llama's answers begin with the object itself.
        let opening: String
        switch format {
        case .hermes, .qwen3Coder: opening = format.opening + "\n"
        case .mistral: opening = format.opening
        case .llama3: opening = ""
        }
        return ToolAnswer(
            format: format, schemas: Dictionary(wanted.tools.map { ($0.name, $0.schema) }) { first, _ in first },
            tokens: tokens, isForced: isForced,
            opening: isForced
                ? tokenizer.encodeWithAddedTokens(Array(opening.utf8), addSpecialTokens: false) : [],
            grammar: wanted.grammar(format), limit: wanted.limit)
    }
}
