/// What happens to a task's recognized requests; written `off`, `audit`, `canary:25` or `on` in files, flags and JSON.
public enum Mode: Sendable, Hashable {
    /// Every request goes in full.
    case off
    /// Every request goes in full, and the ledger says which ones could have been shortened.
    case audit
    /// This percentage (0 to 100) of the sticky keys is answered by the tuned model, the others in full.
    ///
    /// Values outside the range act like the nearest end; `init(text:)` refuses them.
    case canary(percent: Int)
    /// Every recognized request that the tuned model can take is answered by it.
    case on

    /// What `init(text:)` accepts, in words, for error texts and help.
    public static let allowedForms = "off, audit, canary:PERCENT with a whole PERCENT from 0 to 100, or on"

    /// Reads the text form; anything but exactly one of the four forms throws and says what is allowed.
    public init(text: String) throws(ModeError) {
        switch text {
        case "off": self = .off
        case "audit": self = .audit
        case "on": self = .on
        case "canary": throw ModeError(text: text, problem: .missingPercent)
        default:
            guard text.hasPrefix("canary:") else { throw ModeError(text: text, problem: .unknownMode) }
            self = .canary(percent: try Self.percent(text.dropFirst("canary:".count), of: text))
        }
    }

    /// The text form that `init(text:)` reads.
    public var text: String {
        switch self {
        case .off: "off"
        case .audit: "audit"
        case .canary(let percent): "canary:\(min(max(percent, 0), 100))"
        case .on: "on"
        }
    }

    /// How many of the 10,000 buckets are answered by the tuned model.
    public var internalizedBuckets: Int {
        switch self {
        case .off, .audit: 0
        case .canary(let percent): min(max(percent, 0), 100) * (Bucket.count / 100)
        case .on: Bucket.count
        }
    }

    private static func percent(_ digits: Substring, of text: String) throws(ModeError) -> Int {
        if digits.isEmpty { throw ModeError(text: text, problem: .missingPercent) }
        let isPlain = digits.utf8.allSatisfy { (0x30...0x39).contains($0) } && digits.utf8.count <= 3
        guard isPlain, let percent = Int(digits), percent <= 100 else {
            throw ModeError(text: text, problem: .badPercent)
        }
        return percent
    }
}

extension Mode: CustomStringConvertible {
    /// The text form.
    public var description: String { text }
}

extension Mode: Codable {
    /// Reads the text form from a single value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = try Mode(text: try container.decode(String.self))
        } catch let error as ModeError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    /// Writes the text form as a single value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
