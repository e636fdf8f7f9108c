/// How the models of a family write the calls of tools in their answers, as their chat templates show it.
public enum ToolCallFormat: Sendable, Hashable, CaseIterable {
    /// `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, any number of them: Hermes, Qwen 2.5 and 3.
    case hermes
    /// `<tool_call><function=NAME><parameter=KEY>value</parameter></function></tool_call>`: Qwen3-Coder.
    case qwen3Coder
    /// `[TOOL_CALLS] [{"name": …, "arguments": {…}}]`: Mistral.
    case mistral
    /// `{"name": …, "parameters": {…}}` as the whole answer, possibly after `<|python_tag|>`: Llama 3.
    case llama3

    /// The format that a template speaks of; nil if it is none of these.
    init?(jinja: String) {
        if jinja.contains("<tool_call>"), !jinja.contains("<function=") {
            self = .hermes
        } else if jinja.contains("<tool_call>"), jinja.contains("<parameter=") {
            self = .qwen3Coder
        } else if jinja.contains("[TOOL_CALLS]"), !jinja.contains("[ARGS]") {
            self = .mistral
        } else if jinja.contains("<|python_tag|>") || jinja.contains(#""parameters": "#) {
            self = .llama3
        } else {
            return nil
        }
    }

    /// What stands before the first call; models have it as a token.
    public var opening: String {
        switch self {
        case .hermes, .qwen3Coder: "<tool_call>"
        case .mistral: "[TOOL_CALLS]"
        case .llama3: "<|python_tag|>"
        }
    }

    /// What stands after a call; nil where the answer ends with it.
    public var closing: String? { self == .hermes || self == .qwen3Coder ? "</tool_call>" : nil }
}
