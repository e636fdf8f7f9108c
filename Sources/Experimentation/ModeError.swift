/// A text that is not a mode; the description says what is allowed.
public struct ModeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with the text.
    public enum Problem: Sendable, Equatable {
        /// The word is none of the modes.
        case unknownMode
        /// `canary` without its percentage.
        case missingPercent
        /// The percentage is not a whole number from 0 to 100.
        case badPercent
    }

    /// The refused text.
    public let text: String
    /// What is wrong with it.
    public let problem: Problem

    /// Makes an error.
    public init(text: String, problem: Problem) {
        self.text = text
        self.problem = problem
    }

    /// The refused text, what is wrong with it, and what is allowed.
    public var description: String {
        let shown = text.count > 40 ? text.prefix(40) + "..." : text[...]
        return switch problem {
        case .unknownMode: "unknown mode \"\(shown)\": write \(Mode.allowedForms)"
        case .missingPercent: "mode \"\(shown)\" needs a percentage, such as canary:25"
        case .badPercent:
            "mode \"\(shown)\" has a bad percentage: write a whole number from 0 to 100, such as canary:25"
        }
    }
}
