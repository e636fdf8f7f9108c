/// The family of chat templates that this module carries out: ChatML, with or without a default system message.
///
/// Recognised by the exact text of the Jinja template; only the wording of the default system message may vary.
struct ChatMLForm: Equatable, Sendable {
    /// The system message put in front when the first message is of another role; nil for none.
    var defaultSystem: [UInt8]?

    static let start = "<|im_start|>"
    static let end = "<|im_end|>"

    /// The template to write into a model folder of our own; it renders exactly what ``ChatTemplate`` encodes.
    static let jinja = opening + body

    private static let opening = "{% for message in messages %}"
    private static let body =
        #"{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"#
        + #"{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"#
    private static let systemOpening =
        #"{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"#
    private static let systemClosing = #"<|im_end|>\n' }}{% endif %}"#

    /// The plain form, without a default system message.
    init() {}

    /// The form that `jinja` is the text of, or nil if it is another template.
    init?(jinja: String) {
        // Jinja drops one line end at the end of a template.
        let text = jinja.hasSuffix("\n") ? String(jinja.dropLast()) : jinja
        if text == Self.jinja { return }
        let head = Self.opening + Self.systemOpening
        let tail = Self.systemClosing + Self.body
        guard text.hasPrefix(head), text.hasSuffix(tail), text.utf8.count >= head.utf8.count + tail.utf8.count else {
            return nil
        }
        let system = text.utf8.dropFirst(head.utf8.count).dropLast(tail.utf8.count)
        let signs = ["'", "\\", "{", "}", "<|"]
        guard let message = String(system), !signs.contains(where: { message.contains($0) }) else { return nil }
        defaultSystem = Array(system)
    }
}
