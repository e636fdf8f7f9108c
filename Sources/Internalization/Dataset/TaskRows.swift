import Crypto
import Foundation

/// Reads and writes data files: one JSON object {"query", "answer", "group"?} a line.
public enum TaskRows {
    /// The rows of a file; empty lines are skipped.
    ///
    /// - Throws: `InternalizationError.row` with file and line when a row is not JSON or lacks a field.
    public static func load(_ path: String) throws(InternalizationError) -> [TaskRow] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "cannot be read; `promptintern demo data` writes the demo's data files")
        }
        var rows: [TaskRow] = []
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            guard let row = try? JSONDecoder().decode(TaskRow.self, from: Data(line)) else {
                throw .row(
                    path: path, line: index + 1,
                    reason: "is not a JSON object with the strings \"query\" and \"answer\"")
            }
            guard !row.query.isEmpty, !row.answer.isEmpty else {
                throw .row(path: path, line: index + 1, reason: "\"query\" or \"answer\" is empty")
            }
            rows.append(row)
        }
        guard !rows.isEmpty else { throw .file(path: path, reason: "holds no rows") }
        return rows
    }

    /// Writes the rows, replacing the file at once.
    public static func save(_ rows: [TaskRow], to path: String) throws(InternalizationError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let lines = try rows.map { try encoder.encode($0) + Data("\n".utf8) }
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(lines.joined()).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .file(path: path, reason: "cannot be written: \(error.localizedDescription)")
        }
    }

    /// SHA-256 over all rows, hex: the name of a data set in a run's recipe.
    public static func digest(_ rows: [TaskRow]) -> String {
        var hash = SHA256()
        for row in rows {
            for field in [row.query, row.answer, row.group ?? ""] {
                hash.update(data: Array(field.utf8))
                hash.update(data: [0])
            }
        }
        return hexadecimal(hash.finalize())
    }
}

/// Lower-case hexadecimal digits of some bytes.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
