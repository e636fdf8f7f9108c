/// Sends requests to a backend of its own by model name, task and prompt length; all conditions that are set must hold.
public struct RoutingRule: Sendable, Hashable {
    /// A pattern for the client's model name, with `*` for any text and `?` for one character; nil takes every name.
    public var model: String?
    /// The task whose full prompts are meant; nil means requests of no task.
    public var task: String?
    /// The most tokens of the prompt, as counted or estimated here; nil takes every length.
    public var maxPromptTokens: Int?
    /// The backend that answers.
    public var backend: String
    /// The model to ask there; nil keeps the client's name.
    public var target: String?

    /// Makes a rule.
    public init(
        model: String? = nil, task: String? = nil, maxPromptTokens: Int? = nil, backend: String, target: String? = nil
    ) {
        self.model = model
        self.task = task
        self.maxPromptTokens = maxPromptTokens
        self.backend = backend
        self.target = target
    }

    func applies(model name: String, task: String?, tokens: Int) -> Bool {
        guard self.task == task else { return false }
        if let maxPromptTokens, tokens > maxPromptTokens { return false }
        return model.map { Self.matches(name, $0) } ?? true
    }

    /// Whether the name is what the pattern says; linear in the name for each star.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let (name, pattern) = (Array(name.utf8), Array(pattern.utf8))
        var (at, expected) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while at < name.count {
            if expected < pattern.count, pattern[expected] == UInt8(ascii: "*") {
                star = (expected, at)
                expected += 1
            } else if expected < pattern.count, pattern[expected] == name[at] || pattern[expected] == UInt8(ascii: "?")
            {
                at += 1
                expected += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                (at, expected) = (last.name + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return pattern[expected...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
