import Internalization

extension EvaluationReport {
    /// The report as text for a terminal.
    var table: String {
        var columns = Columns(rows: rows)
        columns.right = Set(1..<max(2, (rows.first?.count ?? 2) - 1))
        let forgotten = forgetting.map { "\($0.arm) on \($0.task): \(rounded($0.percent)) % of \($0.n)" }
        return ([columns.text] + differenceLines + [speedLine].compactMap { $0 } + forgotten).joined(separator: "\n")
    }
}
