import Testing

/// SQL that is put together from values: what a caller sends could become part of a statement.
enum Statements {
    /// What may stand in a statement's text: constants of the program, by file.
    static let constants: [String: Set<String>] = [
        "Sources/Ledger/Journal/PendingRows.swift": ["table"],
        "Sources/Ledger/Store/AttemptRow.swift": [
            #"columns.joined(separator: ", ")"#, #"columns.map { _ in "?" }.joined(separator: ", ")"#,
        ],
        "Sources/Ledger/Store/LedgerFile.swift": ["synchronous"],
        "Sources/Ledger/Store/LedgerMigrations.swift": [
            "applicationID", #"RollupSums.columns.map { "\($0) INTEGER NOT NULL" }.joined(separator: ", ")"#,
        ],
        "Sources/Ledger/Savings/RollupGroup.swift": ["keys", "sums", "RollupRange.condition"],
        "Sources/Ledger/Savings/SavingsReport+reading.swift": ["RollupRange.condition"],
    ]

    private static let words = [
        "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "ALTER ", "DROP ", "PRAGMA ", "VALUES ", "WHERE ",
    ]

    /// Each piece of a statement's text that is not a constant.
    static func violations(in file: SourceFile) -> [String] {
        guard file.mentions("import GRDB") || file.mentions("sqlite3") else { return [] }
        let allowed = constants[file.path] ?? []
        return literals(in: file.text).flatMap { literal -> [String] in
            guard words.contains(where: { literal.contains($0) }) else { return [] }
            return interpolations(in: literal).filter { !allowed.contains($0) }.map { "\(file.path): \($0)" }
        }
    }

    /// The string literals of a source, from quote to quote, those of several lines too.
    private static func literals(in text: String) -> [String] {
        var found: [String] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "\"") {
            let isLong = rest[start...].hasPrefix("\"\"\"")
            var place = rest.index(start, offsetBy: isLong ? 3 : 1)
            let begin = place
            var depth = 0
            while place < rest.endIndex {
                let tail = rest[place...]
                if tail.hasPrefix("\\(") {
                    depth += 1
                    place = rest.index(place, offsetBy: 2)
                    continue
                }
                if depth > 0 {
                    if tail.hasPrefix("(") { depth += 1 }
                    if tail.hasPrefix(")") { depth -= 1 }
                } else if tail.hasPrefix("\\") {
                    place = rest.index(place, offsetBy: 2)
                    continue
                } else if isLong ? tail.hasPrefix("\"\"\"") : tail.hasPrefix("\"") || tail.hasPrefix("\n") {
                    break
                }
                place = rest.index(after: place)
            }
            found.append(String(rest[begin..<place]))
            guard place < rest.endIndex else { break }
            rest = rest[rest.index(place, offsetBy: isLong ? 3 : 1)...]
        }
        return found
    }

    /// What stands in a literal's `\( … )`.
    private static func interpolations(in literal: String) -> [String] {
        var found: [String] = []
        var rest = literal[...]
        while let open = rest.firstRange(of: "\\(") {
            var depth = 1
            var place = open.upperBound
            while place < rest.endIndex, depth > 0 {
                if rest[place] == "(" { depth += 1 }
                if rest[place] == ")" { depth -= 1 }
                place = rest.index(after: place)
            }
            found.append(String(rest[open.upperBound..<rest.index(before: place)]))
            rest = rest[place...]
        }
        return found
    }
}

@Suite("Statements are constants")
struct StatementTests {
    @Test("no SQL is put together from values")
    func sources() throws {
        let files = try Repository().files(under: "Sources", endingIn: ["swift"])
        #expect(files.contains { $0.mentions("import GRDB") })
        #expect(files.flatMap(Statements.violations(in:)) == [])
    }

    @Test(
        "and one that is put together is told from one that binds its values",
        arguments: [
            (#"let sql = "SELECT * FROM keys WHERE name = '\(name)'""#, 1),
            ("let sql = \"\"\"\n    SELECT *\n    FROM keys WHERE a = \\(f(x)) OR b = \\(b)\n    \"\"\"", 2),
            (#"try db.execute(sql: "DELETE FROM keys WHERE id = ?", arguments: [id])"#, 0),
            (#"throw Failure("there is no key \(name)")"#, 0),
        ])
    func samples(_ line: String, _ count: Int) {
        let file = SourceFile(path: "Sources/X/A.swift", text: "import GRDB\n" + line + "\n")
        #expect(Statements.violations(in: file).count == count)
    }
}
