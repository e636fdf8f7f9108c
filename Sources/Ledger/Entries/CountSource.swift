/// Where a token count comes from.
public enum CountSource: Sendable, Hashable {
    /// Counted with the tokenizer of the model that was asked.
    case counted
    /// Taken from the usage that the upstream reported.
    case reported
    /// Estimated; the text says how, in few fixed words such as `bytes/4`.
    case estimated(String)

    /// The form that the table and the JSON hold: `counted`, `reported`, or `estimated: HOW`.
    public var text: String {
        switch self {
        case .counted: "counted"
        case .reported: "reported"
        case .estimated(let how): "estimated: \(how)"
        }
    }

    /// Reads the form that `text` writes; anything else counts as an estimate with that text.
    public init(text: String) {
        switch text {
        case "counted": self = .counted
        case "reported": self = .reported
        default: self = .estimated(text.hasPrefix("estimated: ") ? String(text.dropFirst(11)) : text)
        }
    }
}
