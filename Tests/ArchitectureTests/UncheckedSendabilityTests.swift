import Testing

/// Where a file switches a compiler check off without saying at its top why that is safe.
enum UncheckedSendability {
    static let announcement = "Unchecked sendability:"
    static let escapes = ["@unchecked Sendable", "nonisolated(unsafe)", "@_"]

    static func violations(in file: SourceFile) -> [String] {
        let escapes = escapes.filter(file.mentions)
        if escapes.isEmpty { return [] }
        if file.headerComment.contains(where: { $0.hasPrefix(announcement) }) { return [] }
        return file.code.enumerated().compactMap { index, line in
            escapes.first { line.contains($0) }
                .map { "\(file.path):\(index + 1): \($0) without a reason in the header" }
        }
    }
}

@Suite("Compiler checks are switched off only where the file says why")
struct UncheckedSendabilityTests {
    @Test("in every source and test file", arguments: ["Sources", "Tests"])
    func everywhere(folder: String) throws {
        let files = try Repository().files(under: folder, endingIn: ["swift"])
            .filter { !$0.path.hasPrefix("Tests/ArchitectureTests/") }
        #expect(!files.isEmpty)
        #expect(files.flatMap(UncheckedSendability.violations(in:)) == [])
    }

    @Test(
        "and one that does not say why is reported",
        arguments: [
            ("final class A: @unchecked Sendable {}", 1),
            ("nonisolated(unsafe) var a = 1\n@_spi(X) import B", 2),
            ("// Unchecked sendability: one thread owns it.\nfinal class A: @unchecked Sendable {}", 0),
            ("import B\n// Unchecked sendability: too late.\nfinal class A: @unchecked Sendable {}", 1),
            ("// about @unchecked Sendable\nfinal class A: Sendable {}", 0),
        ])
    func samples(text: String, count: Int) {
        let file = SourceFile(path: "Sources/X/A.swift", text: text)
        #expect(UncheckedSendability.violations(in: file).count == count)
    }
}
