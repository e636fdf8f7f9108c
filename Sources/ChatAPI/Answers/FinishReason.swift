/// Why an answer ended.
public enum FinishReason: String, Hashable, Sendable, CaseIterable {
    /// The model ended it, or a stop string did.
    case stop
    /// The token limit did.
    case length
    /// The model asks for tool calls.
    case toolCalls = "tool_calls"
    /// A filter cut it.
    case contentFilter = "content_filter"
}
