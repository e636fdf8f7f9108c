/// Why a tokenizer, a training run or a chat template was refused; no case ever carries prompt text.
public enum TokenizationError: Error, Equatable, Sendable {
    /// The file could not be read.
    case unreadable(file: String, reason: String)
    /// The file contradicts its own format at `key` (a path such as `model.merges[12]`).
    case malformed(file: String, key: String, reason: String)
    /// The file asks at `key` for something this module does not do.
    case unsupported(file: String, key: String, found: String, supported: String)
    /// A vocabulary with the wanted properties cannot be trained.
    case untrainable(reason: String)
    /// The chat template failed at a line of its text.
    case rendering(line: Int, reason: String)
    /// The chat template itself does not take the conversation; its own words, without any of the request's.
    case refusedByTemplate(message: String)
}

extension TokenizationError: CustomStringConvertible {
    /// One sentence for a person: what was wrong, where, and what would be right.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "cannot read \(file): \(reason)"
        case .malformed(let file, let key, let reason):
            "\(file): \(key): \(reason)"
        case .unsupported(let file, let key, let found, let supported):
            "\(file): \(key): \(found) is not supported; supported: \(supported)"
        case .untrainable(let reason):
            "cannot train the tokenizer: \(reason)"
        case .rendering(let line, let reason):
            "chat template, line \(line): \(reason)"
        case .refusedByTemplate(let message):
            "the chat template does not take this conversation: \(message)"
        }
    }
}

extension TokenizationError {
    /// The same error, naming `file` in place of the name the parser knew.
    func naming(file: String) -> TokenizationError {
        switch self {
        case .unreadable(_, let reason): .unreadable(file: file, reason: reason)
        case .malformed(_, let key, let reason): .malformed(file: file, key: key, reason: reason)
        case .unsupported(_, let key, let found, let supported):
            .unsupported(file: file, key: key, found: found, supported: supported)
        case .untrainable, .rendering, .refusedByTemplate: self
        }
    }
}
