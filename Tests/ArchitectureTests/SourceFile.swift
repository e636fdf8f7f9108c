/// One text file of the repository: its path from the root and its content.
struct SourceFile: Sendable {
    var path: String
    var text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The number of lines, where a final newline does not start another.
    var lineCount: Int { text.hasSuffix("\n") ? lines.count - 1 : lines.count }

    /// The target a path such as `Sources/Ledger/Row.swift` belongs to.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && (parts[0] == "Sources" || parts[0] == "Tests") ? String(parts[1]) : nil
    }

    /// The comment block the file opens with, one string a line, without the slashes.
    var headerComment: [String] {
        lines.prefix { $0.hasPrefix("//") }.map { line in
            String(line.drop { $0 == "/" }.drop { $0 == " " })
        }
    }

    /// The lines with everything after `//` cut off, so that prose never counts as code.
    var code: [Substring] {
        lines.map { line in line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line }
    }
}
