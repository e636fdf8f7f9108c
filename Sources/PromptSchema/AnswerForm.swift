/// What every answer of a task must be; the tuned model is held to it while it writes.
public enum AnswerForm: Hashable, Sendable {
    /// The whole answer matches a regular expression.
    case regularExpression(String)
    /// The answer is a JSON text that meets the schema, given as JSON text in UTF-8.
    case jsonSchema([UInt8])
}
