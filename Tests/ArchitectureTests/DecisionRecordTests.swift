import Testing

/// The rules of docs/decisions: `NNNN-title.md`, numbers unique and without a gap, and the title repeats the number.
enum DecisionRecords {
    static func violations(in files: [SourceFile]) -> [String] {
        var found: [String] = []
        var numbers: [Int: String] = [:]
        for file in files {
            let name = file.path.split(separator: "/").last ?? ""
            let digits = name.prefix { $0.isNumber }
            guard digits.count == 4, let number = Int(digits), name.dropFirst(4).first == "-" else {
                found.append("\(file.path) is not named NNNN-title.md")
                continue
            }
            if let other = numbers.updateValue(file.path, forKey: number) {
                found.append("\(file.path) has the number of \(other)")
            }
            let title = "# \(digits). "
            let first = file.lines.first ?? ""
            if !first.hasPrefix(title) || first.count == title.count {
                found.append("\(file.path) does not start with '\(title)' and a title")
            }
            if file.lineCount > 60 { found.append("\(file.path) is longer than a page (60 lines)") }
        }
        if let last = numbers.keys.max(), last > numbers.count {
            found.append("the numbers up to \(last) have a gap")
        }
        return found
    }
}

@Suite("Decision records are in order")
struct DecisionRecordTests {
    @Test("each has its own number, a title, and a page at most")
    func records() throws {
        let files = try Repository().files(under: "docs/decisions", endingIn: ["md"])
        #expect(!files.isEmpty)
        #expect(DecisionRecords.violations(in: files) == [])
    }

    @Test("and each fault is reported")
    func samples() {
        let files = [
            SourceFile(path: "d/0001-a.md", text: "# 0001. A\n"), SourceFile(path: "d/0001-b.md", text: "# 0001. B\n"),
            SourceFile(path: "d/note.md", text: "# 0002. C\n"), SourceFile(path: "d/0002-c.md", text: "# 0002. \n"),
            SourceFile(path: "d/0005-d.md", text: "# 0005. D\n" + String(repeating: "\n", count: 70)),
        ]
        #expect(DecisionRecords.violations(in: files).count == 5)
    }
}
