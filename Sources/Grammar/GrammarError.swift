/// Why a grammar cannot be made of a schema or a regular expression.
public struct GrammarError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where: a JSON pointer into the schema such as `/properties/name`, or an offset in the expression.
    public let place: String
    /// What is wrong or not supported, by its name, and what is possible instead.
    public let reason: String

    /// What is wrong, and where: a pointer into the schema, or nothing.
    public init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// Place and reason in a sentence.
    public var description: String { place.isEmpty ? reason : "at \(place): \(reason)" }
}
