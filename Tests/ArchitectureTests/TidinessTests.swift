import Testing

/// What must not stand in a committed file: folders of one machine, and notes to finish it later.
enum Tidiness {
    /// First components of folders that exist on a developer's machine and not on a reader's.
    static let machineFolders = ["work", "root", "home", "tmp", "Users", "private"]
    static let notes = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]

    /// Each absolute path into a machine's own folder, by line.
    static func machinePaths(in file: SourceFile) -> [String] {
        let folders = machineFolders.filter { file.mentions("/" + $0) }
        if folders.isEmpty { return [] }
        return file.lines.enumerated().compactMap { index, line in
            folders.first { names(folder: $0, in: line) }
                .map { "\(file.path):\(index + 1): names the folder /\($0)" }
        }
    }

    /// Each unfinished-work note, by line.
    static func unfinishedWork(in file: SourceFile) -> [String] {
        let notes = notes.filter(file.mentions)
        if notes.isEmpty { return [] }
        return file.lines.enumerated().compactMap { index, line in
            let words = line.split { !$0.isLetter }
            return notes.first { words.contains(Substring($0)) }.map { "\(file.path):\(index + 1): \($0)" }
        }
    }

    /// Whether the line holds `/folder` as the first component of a path: not inside a longer path or a URL.
    private static func names(folder: String, in line: Substring) -> Bool {
        var rest = line
        var before: Character?
        while let found = rest.firstRange(of: "/" + folder) {
            if found.lowerBound > rest.startIndex { before = rest[rest.index(before: found.lowerBound)] }
            let after = rest[found.upperBound...].first
            if !(before.map(continuesPath) ?? false), !(after.map(continuesName) ?? false) {
                return true
            }
            before = rest[rest.index(before: found.upperBound)]
            rest = rest[found.upperBound...]
        }
        return false
    }

    private static func continuesName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "_-".contains(character)
    }

    /// What stands before a slash that does not begin a path: a name, a dot, `~`, or a variable in brackets.
    private static func continuesPath(_ character: Character) -> Bool {
        continuesName(character) || ".~/*})".contains(character)
    }
}

@Suite("The repository is tidy")
struct TidinessTests {
    let repository = Repository()

    @Test("no committed text names a folder of one machine")
    func machinePaths() throws {
        let text: Set<String> = [
            "swift", "c", "h", "inc", "md", "yaml", "yml", "sh", "py", "toml", "modulemap", "service", "run", "txt", "",
        ]
        let paths = repository.committedPaths().filter { path in
            let name = path.split(separator: "/").last ?? ""
            let ending = name.firstIndex(of: ".") == nil ? "" : String(name.split(separator: ".").last ?? "")
            return text.contains(ending) && !path.hasPrefix("Tests/ArchitectureTests/")
        }
        #expect(paths.contains("Package.swift"))
        let found = paths.flatMap { path -> [String] in
            guard let text = try? repository.text(path) else { return [] }
            return Tidiness.machinePaths(in: SourceFile(path: path, text: text))
        }
        #expect(found == [])
    }

    @Test("the sources hold no notes to finish later")
    func unfinishedWork() throws {
        let files = try repository.files(under: "Sources", endingIn: ["swift", "c", "h", "inc"])
        #expect(files.flatMap(Tidiness.unfinishedWork(in:)) == [])
    }

    @Test("resolved versions are ignored and not tracked")
    func resolvedVersions() throws {
        #expect(try repository.text(".gitignore").split(separator: "\n").contains("Package.resolved"))
        #expect(!(repository.trackedPaths() ?? []).contains("Package.resolved"))
    }

    @Test(
        "and a machine's folder is told from a path that only contains its name",
        arguments: [
            ("cd /" + "work/main", 1), ("let f = \"/" + "tmp\"", 1), ("/" + "home/ann/x", 1), ("see (/" + "root)", 1),
            ("a/work/b /" + "work", 1), ("src/tmp/x", 0), ("https://host/home/x", 0), ("/" + "worker /" + "tmpfs", 0),
            ("${TMPDIR}/tmp", 0), ("../work/x", 0),
        ])
    func machinePathSamples(text: String, count: Int) {
        #expect(Tidiness.machinePaths(in: SourceFile(path: "A.md", text: text)).count == count)
    }

    @Test("and an unfinished-work note is told from a word that contains it")
    func unfinishedWorkSamples() {
        let text = "// TO" + "DO: later\nlet mastoTODONTE = 1\n/* FIX" + "ME */\n"
        #expect(Tidiness.unfinishedWork(in: SourceFile(path: "A.swift", text: text)).count == 2)
    }
}
