/// Something a request asks for that a backend which only continues text would have to support.
///
/// A feature is recorded only if it is present with a value other than its default, so a plain text request has none.
public enum Feature: Hashable, Sendable, CustomStringConvertible {
    /// `tools`, `functions`, a `tool_choice` or `function_call` that demands one, or messages that carry calls.
    case tools
    /// Content parts other than text, or content that is no text at all.
    case nonTextContent
    /// A text with an escaped surrogate that has no partner: it stands for no Unicode text.
    case unreadableText
    /// `n` other than 1.
    case multipleChoices
    /// `logprobs` or `top_logprobs`.
    case logprobs
    /// `response_format` other than text.
    case responseFormat
    /// `logit_bias` with entries.
    case logitBias
    /// `frequency_penalty` or `presence_penalty` other than 0.
    case penalties
    /// `audio`, or `modalities` other than text.
    case audio
    /// `prediction`.
    case prediction
    /// `reasoning_effort` other than none.
    case reasoning
    /// `verbosity` other than medium.
    case verbosity
    /// `web_search_options`.
    case webSearch
    /// `moderation`.
    case moderation
    /// `store: true`.
    case store
    /// `service_tier` other than auto and default.
    case serviceTier
    /// A known field, by its path, whose value has a type or range it should not have.
    case malformed(String)
    /// A field, by its path, that this module does not know. The name is the client's: at most 64 characters of it.
    case unknownField(String)

    /// A short stable name, such as `tools` or `unknown:top_k`.
    public var description: String {
        switch self {
        case .tools: "tools"
        case .nonTextContent: "non_text_content"
        case .unreadableText: "unreadable_text"
        case .multipleChoices: "multiple_choices"
        case .logprobs: "logprobs"
        case .responseFormat: "response_format"
        case .logitBias: "logit_bias"
        case .penalties: "penalties"
        case .audio: "audio"
        case .prediction: "prediction"
        case .reasoning: "reasoning"
        case .verbosity: "verbosity"
        case .webSearch: "web_search"
        case .moderation: "moderation"
        case .store: "store"
        case .serviceTier: "service_tier"
        case .malformed(let path): "malformed:\(path)"
        case .unknownField(let path): "unknown:\(path)"
        }
    }

    static func unknown(_ key: JSONString, in path: String = "") -> Feature {
        .unknownField(path + String((key.text ?? "?").prefix(64)))
    }
}
