/// What is wrong in a configuration file, where, and what to do about it.
///
/// The texts name keys, files and limits; they never repeat a secret or prompt text.
public struct ConfigurationError: Error, Sendable, Hashable {
    /// The file, as its path was given.
    public var file: String
    /// The line, from one, where it is known.
    public var line: Int?
    /// The key, as a path such as `messages[0].role`, where there is one.
    public var key: String?
    /// What is wrong.
    public var problem: String
    /// What to do.
    public var advice: String
    /// What else was found wrong in the same pass.
    public var others: [ConfigurationError] = []

    /// This error and the others, each by itself.
    public var all: [ConfigurationError] {
        var first = self
        first.others = []
        return [first] + others.flatMap(\.all)
    }

    /// An error at a place of a file.
    public init(file: String, line: Int? = nil, key: String? = nil, problem: String, advice: String) {
        self.file = file
        self.line = line
        self.key = key
        self.problem = problem
        self.advice = advice
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// `file:line: key: problem; advice`, without the parts that are not known, on one line for each error.
    public var description: String {
        all.map(\.sentence).joined(separator: "\n")
    }

    private var sentence: String {
        var text = file
        if let line { text += ":\(line)" }
        text += ": "
        if let key, !key.isEmpty { text += "\(key): " }
        return text + problem + (advice.isEmpty ? "" : "; \(advice)")
    }
}
