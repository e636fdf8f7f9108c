import Foundation

/// Writes to standard output at once, so that whoever reads the other end of a pipe sees each line when it is written.
func show(_ text: String) {
    put(text, to: .standardOutput)
}

/// Writes a line; a reader that has left is no error.
func put(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data((text + "\n").utf8))
}

/// A table of left-aligned columns, as wide as their widest cell; the columns named are aligned to the right.
struct Columns {
    var rows: [[String]] = []
    var right: Set<Int> = []

    var text: String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return right.contains(column) ? space + cell : cell + space
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}
