import Testing

/// The limits on file length, in lines.
struct FileSizes {
    var longest = 700
    var usual = 350
    var median = 120

    /// Each limit the files break, in words.
    func violations(in files: [SourceFile]) -> [String] {
        var found = files.filter { $0.lineCount > longest }.map { "\($0.path) has \($0.lineCount) lines" }
        let sizes = files.map(\.lineCount).sorted()
        guard !sizes.isEmpty else { return found }
        let long = sizes.count { $0 > usual }
        if long * 10 > sizes.count { found.append("\(long) of \(sizes.count) files are over \(usual) lines") }
        let middle = sizes[sizes.count / 2]
        if middle > median { found.append("the median file has \(middle) lines") }
        return found
    }
}

@Suite("Files stay short")
struct FileSizeTests {
    @Test("none over 700 lines, nine in ten under 350, half under 120")
    func sources() throws {
        let files = try Repository().files(under: "Sources", endingIn: ["swift", "c", "h", "inc"])
        #expect(files.count > 20)
        #expect(FileSizes().violations(in: files) == [])
    }

    @Test("and no test file over 700 lines")
    func tests() throws {
        let files = try Repository().files(under: "Tests", endingIn: ["swift"])
        let limits = FileSizes(usual: .max, median: .max)
        #expect(limits.violations(in: files) == [])
    }

    @Test(
        "and each limit is reported when it is broken",
        arguments: [
            ([100, 110, 700], 1), ([100, 110, 701], 2), ([50, 60, 121], 0), ([50, 121, 130], 1),
            (Array(repeating: 10, count: 9) + [351], 0), (Array(repeating: 10, count: 8) + [351], 1), ([], 0),
        ])
    func limits(sizes: [Int], broken: Int) {
        let files = sizes.map { SourceFile(path: "Sources/X/F.swift", text: String(repeating: "x\n", count: $0)) }
        #expect(FileSizes().violations(in: files).count == broken)
    }
}
