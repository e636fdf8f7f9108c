/// One question of an evaluation: the row that is asked, and all rows whose labels count as right.
public struct EvaluationItem: Sendable, Equatable {
    /// What the items of an evaluation are.
    public enum Unit: String, Sendable, CaseIterable, Codable {
        /// Every row is asked and graded against its own label.
        case row
        /// Each group is asked once, with its first row's query, and graded against the labels of all its rows.
        case group
    }

    /// The row that is asked.
    public let row: TaskRow
    /// The rows that it is graded against.
    public let references: [TaskRow]
    /// What is resampled together; rows without a group stand for themselves.
    public let cluster: String

    /// The items of a data file, in its order.
    public static func items(_ rows: [TaskRow], unit: Unit) -> [EvaluationItem] {
        switch unit {
        case .row:
            return rows.enumerated().map { index, row in
                EvaluationItem(row: row, references: [row], cluster: row.group ?? "\u{0}\(index)")
            }
        case .group:
            var order: [String] = []
            var members: [String: [TaskRow]] = [:]
            for (index, row) in rows.enumerated() {
                let group = row.group ?? "\u{0}\(index)"
                if members[group] == nil { order.append(group) }
                members[group, default: []].append(row)
            }
            return order.map { EvaluationItem(row: members[$0]![0], references: members[$0]!, cluster: $0) }
        }
    }
}
