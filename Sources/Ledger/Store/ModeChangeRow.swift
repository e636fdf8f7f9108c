import GRDB

/// The `mode_changes` table: a log that is only added to.
enum ModeChangeRow {
    static func insert(_ change: ModeChange, into db: Database) throws {
        try db.execute(
            sql: "INSERT INTO mode_changes (time_ms, task, old, new, who) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                LedgerTime.milliseconds(change.time), task(of: change.subject), change.old, change.new, change.who,
            ])
    }

    /// The latest changes, newest first.
    static func latest(_ limit: Int, in db: Database) throws -> [ModeChange] {
        let sql = "SELECT * FROM mode_changes ORDER BY id DESC LIMIT ?"
        return try Row.fetchAll(db, sql: sql, arguments: [limit]).map { row in
            let task: String? = row["task"]
            return ModeChange(
                time: LedgerTime.date(milliseconds: row["time_ms"]), subject: task.map { .task($0) } ?? .killSwitch,
                old: row["old"], new: row["new"], who: row["who"])
        }
    }

    /// The state that the last change of each subject left.
    static func current(in db: Database) throws -> ModeSnapshot {
        var snapshot = ModeSnapshot()
        let sql = "SELECT task, new FROM mode_changes WHERE id IN (SELECT max(id) FROM mode_changes GROUP BY task)"
        for row in try Row.fetchAll(db, sql: sql) {
            let new: String = row["new"]
            if let task: String = row["task"] {
                snapshot.modes[task] = new
            } else {
                snapshot.killSwitch = new == "on"
            }
        }
        return snapshot
    }

    private static func task(of subject: ModeChange.Subject) -> String? {
        switch subject {
        case .task(let name): name
        case .killSwitch: nil
        }
    }
}
