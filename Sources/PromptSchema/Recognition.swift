/// What a message list is: an instance of one task's schema, or not, and why not.
public enum Recognition: Sendable, Hashable {
    /// Exactly one schema matches, in exactly one way.
    case task(RecognizedPrompt)
    /// Nothing may be stripped.
    case unknown(UnknownReason)
}

/// Why a message list is not recognized. Nothing in it repeats text of the request.
public enum UnknownReason: Sendable, Hashable {
    /// No schema opens like this.
    case noSchema
    /// The text opens like the task's template and differs from it at a byte offset of one message.
    case drift(task: String, message: Int, offset: Int)
    /// The text can be read in more than one way.
    case ambiguous(task: String)
    /// An example is not in the bank, and the schema sends such requests in full.
    case unknownExample(task: String, message: Int, offset: Int)
    /// The template opens as it should, but turns are missing, too many, or have other roles.
    case messages(task: String)
    /// The parse is unique, but something is longer or more numerous than the schema allows.
    case limit(task: String, what: String)
    /// The template opens as it should, but a message holds more than text: an image, say.
    case notText(task: String, message: Int)

    /// The short, stable name of the reason, for ledgers and headers.
    public var code: String {
        switch self {
        case .noSchema: "no_schema"
        case .drift: "drift"
        case .ambiguous: "ambiguous"
        case .unknownExample: "unknown_example"
        case .messages: "messages"
        case .limit: "limit"
        case .notText: "unsupported_feature"
        }
    }

    /// The task that came nearest.
    public var task: String? {
        switch self {
        case .noSchema: nil
        case .drift(let task, _, _), .unknownExample(let task, _, _), .ambiguous(let task), .messages(let task),
            .limit(let task, _), .notText(let task, _):
            task
        }
    }

    /// The message and byte offset at which the text leaves the schema, where there is one such place.
    public var place: (message: Int, offset: Int)? {
        switch self {
        case .drift(_, let message, let offset), .unknownExample(_, let message, let offset): (message, offset)
        default: nil
        }
    }

    /// One sentence for people; it never quotes the request.
    public var detail: String {
        switch self {
        case .noSchema:
            "No task's template opens like this request."
        case .drift(let task, let message, let offset):
            "Message \(message) opens like the template of task \(task) but differs at byte \(offset)."
        case .ambiguous(let task):
            "The request can be read in more than one way under the schema of task \(task)."
        case .unknownExample(let task, let message, let offset):
            "The example at byte \(offset) of message \(message) is not in the bank of task \(task)."
        case .messages(let task):
            "The template of task \(task) is there, but the request has other turns or roles than its schema."
        case .limit(let task, let what):
            "The request matches task \(task), but \(what)."
        case .notText(let task, let message):
            "Message \(message) holds more than text, for which the schema of task \(task) has no part."
        }
    }
}
