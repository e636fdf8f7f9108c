/// One labelled query of a task.
public struct TaskRow: Sendable, Hashable, Codable {
    /// The per-request text.
    public let query: String
    /// The label.
    public let answer: String
    /// Rows of the same group ask for the same thing; nil puts a row into a group of its own.
    public let group: String?

    /// A row as written in a data file.
    public init(query: String, answer: String, group: String? = nil) {
        self.query = query
        self.answer = answer
        self.group = group
    }
}
