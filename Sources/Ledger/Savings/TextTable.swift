/// Rows of text in columns: labels to the left, numbers to the right, two spaces between.
struct TextTable {
    let labels: [String]
    let numbers: [String]
    /// The cells of each row, labels first.
    let rows: [[String]]

    /// The table with its heading; empty without rows.
    var text: String {
        if rows.isEmpty { return "" }
        let lines = [labels + numbers] + rows
        let widths = (labels + numbers).indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let cells = line.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column < labels.count ? cell + padding : padding + cell
            }
            let text = cells.joined(separator: "  ")
            return String(text.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
