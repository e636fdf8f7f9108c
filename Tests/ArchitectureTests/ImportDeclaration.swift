/// One `import` line of a Swift file.
struct ImportDeclaration: Equatable, Sendable {
    enum Access: String, Sendable { case `public`, `package`, `internal`, `fileprivate`, `private` }

    var module: String
    var access: Access
    /// Attributes in front of it, such as `@testable`.
    var attributes: [String]

    /// Reads one line, or gives nil when it imports nothing: `@testable import X`, `public import struct X.Y`.
    init?(line: Substring) {
        var words = line.split(whereSeparator: \.isWhitespace)
        guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count else { return nil }
        var access = Access.internal
        var attributes: [String] = []
        for word in words[..<keyword] {
            if word.hasPrefix("@") {
                attributes.append(String(word))
            } else if let named = Access(rawValue: String(word)) {
                access = named
            } else {
                return nil
            }
        }
        words.removeFirst(keyword + 1)
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        if kinds.contains(words[0]), words.count > 1 { words.removeFirst() }
        guard let module = words[0].split(separator: ".").first else { return nil }
        self.module = String(module.prefix { $0 != ";" })
        self.access = access
        self.attributes = attributes
    }

    /// Every import of a file, outside comments.
    static func all(in file: SourceFile) -> [ImportDeclaration] {
        file.code.filter { $0.firstOffset(of: "import ") != nil }.compactMap(ImportDeclaration.init(line:))
    }
}
