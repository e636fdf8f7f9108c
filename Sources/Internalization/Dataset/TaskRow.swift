/// One labelled query of a task.
public struct TaskRow: Sendable, Hashable {
    /// The per-request text.
    public let query: String
    /// The label.
    public let answer: String
    /// Rows of the same group ask for the same thing; nil puts a row into a group of its own.
    public let group: String?
    /// A normal form of the answer, where the data has one; metrics may use it, training does not.
    public let template: String?

    /// A row as written in a data file.
    public init(query: String, answer: String, group: String? = nil, template: String? = nil) {
        self.query = query
        self.answer = answer
        self.group = group
        self.template = template
    }
}

extension TaskRow: Codable {
    private enum CodingKeys: String, CodingKey {
        case query, answer, group, template
    }

    /// Reads a row; a group may be text or a whole number, and other members are ignored.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        query = try values.decode(String.self, forKey: .query)
        answer = try values.decode(String.self, forKey: .answer)
        template = try values.decodeIfPresent(String.self, forKey: .template)
        if let number = try? values.decodeIfPresent(Int.self, forKey: .group) {
            group = String(number)
        } else {
            group = try values.decodeIfPresent(String.self, forKey: .group)
        }
    }
}
