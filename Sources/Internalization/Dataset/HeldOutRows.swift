import Crypto

/// A share of some rows held out so that nothing held out is seen in training: no group, query or answer is on both
/// sides.
public struct HeldOutRows: Sendable {
    /// Rows to train on.
    public let train: [TaskRow]
    /// Rows held out; somewhat fewer than asked for, because a row whose answer training also has goes back to it.
    public let heldOut: [TaskRow]

    /// Holds out about `percent` of the groups, chosen by a hash of their name, so that the choice does not depend on
    /// the order of the rows.
    public init(_ rows: [TaskRow], percent: Int) {
        func name(_ row: TaskRow) -> String { row.group ?? row.query }
        var chosen = Set(rows.map(name).filter { Self.bucket($0) < percent })
        // A group that shares a query or an answer with training goes back, until none does.
        var changed = true
        while changed {
            let training = rows.filter { !chosen.contains(name($0)) }
            let answers = Set(training.map(\.answer))
            let queries = Set(training.map(\.query))
            let back = rows.filter {
                chosen.contains(name($0)) && (answers.contains($0.answer) || queries.contains($0.query))
            }
            changed = !back.isEmpty
            for row in back { chosen.remove(name(row)) }
        }
        train = rows.filter { !chosen.contains(name($0)) }
        heldOut = rows.filter { chosen.contains(name($0)) }
    }

    private static func bucket(_ name: String) -> Int {
        let digest = Array(SHA256.hash(data: Array(name.utf8)))
        return (Int(digest[0]) << 8 | Int(digest[1])) % 100
    }
}
