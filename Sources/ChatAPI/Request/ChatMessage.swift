/// A view of one message of a request.
public struct ChatMessage: Sendable {
    /// A text inside a message: the whole content, or the text of one content part.
    public struct Text: Sendable {
        /// The string in the body.
        public let string: JSONString
        /// The content part that holds it; nil if the string is the whole content.
        public let part: Range<Int>?
    }

    /// What stands under `content`.
    public enum Content: Sendable {
        /// Absent or `null`.
        case absent
        /// One string.
        case text(Text)
        /// An array whose parts are all of type text, in order.
        case parts([Text])
        /// Images, audio, files, or something that is no content at all.
        case other
    }

    /// The message object's bytes in the body.
    public let range: Range<Int>
    /// `role`; nil if it is not there or no text.
    public let role: String?
    /// `content`.
    public let content: Content
    /// `name`, if it is a string.
    public let name: JSONString?
    /// `tool_call_id`, if it is a string.
    public let toolCallID: JSONString?
    /// True if `tool_calls` or `function_call` ask for something.
    public let hasToolCalls: Bool
    /// True if the message has a role, text content, and nothing else that is not null or empty.
    public let isPlain: Bool

    /// The texts of the message in order; nil if the content is not text throughout.
    public var texts: [Text]? {
        switch content {
        case .absent: []
        case .text(let text): [text]
        case .parts(let texts): texts
        case .other: nil
        }
    }
}
