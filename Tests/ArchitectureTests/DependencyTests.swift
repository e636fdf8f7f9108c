import Testing

@Suite("The dependency table of docs/architecture.md holds")
struct DependencyTests {
    let repository = Repository()

    @Test("in the package's declarations")
    func declarations() throws {
        let manifest = PackageManifest(text: try repository.text("Package.swift"))
        #expect(manifest.targets.count > 20)
        #expect(DependencyTable.current.violations(in: manifest) == [])
    }

    @Test("in the import lines of every Swift file", arguments: ["Sources", "Tests"])
    func imports(folder: String) throws {
        let manifest = PackageManifest(text: try repository.text("Package.swift"))
        let files = try repository.files(under: folder, endingIn: ["swift"])
        #expect(files.count > 5)
        let table = DependencyTable.current
        #expect(files.flatMap { table.violations(in: $0, manifest: manifest) } == [])
    }

    static let sample = """
        let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
        let package = Package(name: "p", products: [.executable(name: "p", targets: ["Flow"])], targets: [
            .systemLibrary(name: "CCurl", providers: [.apt(["x"])]),
            // .target(name: "Gone"),
            .target(name: "Words", dependencies: [crypto], swiftSettings: s),
            .target(name: "Flow", dependencies: ["Words", "CCurl", .product(name: "Yams", package: "Yams")]),
            .testTarget(name: "FlowTests", dependencies: ["Flow"]),
        ])
        """

    @Test("and Package.swift is read as it is written")
    func manifestReading() {
        let targets = PackageManifest(text: Self.sample).targets
        #expect(targets.map(\.name) == ["CCurl", "Flow", "FlowTests", "Words"])
        #expect(targets.map(\.kind) == ["systemLibrary", "target", "testTarget", "target"])
        #expect(targets.map(\.dependencies) == [[], ["Words", "CCurl", "Yams"], ["Flow"], ["Crypto"]])
    }

    @Test("and a forbidden, unknown or missing target is reported")
    func declarationViolations() {
        let table = DependencyTable(rows: [
            "CCurl": .init(), "Flow": .init(ours: ["Words", "CCurl"]), "Lost": .init(),
        ])
        #expect(
            table.violations(in: PackageManifest(text: Self.sample)) == [
                "Flow declares Yams, which its row does not allow",
                "Words is not in the dependency table",
                "Lost is in the table, not in the package",
            ])
    }

    @Test(
        "and an import that breaks it is reported",
        arguments: [
            ("Sources/Words/A.swift", "import Foundation", false),
            ("Sources/Words/A.swift", "import Glibc", true),
            ("Sources/Words/A.swift", "public import struct Crypto.SHA256", true),
            ("Sources/Words/A.swift", "import Flow", false),
            ("Sources/Words/A.swift", "// import Flow", true),
            ("Sources/Flow/A.swift", "internal import CCurl", true),
            ("Sources/Flow/A.swift", "public import CCurl", false),
            ("Sources/Flow/A.swift", "package import CCurl", false),
            ("Sources/Flow/A.swift", "import FoundationEssentials", true),
            ("Sources/Flow/A.swift", "import Crypto", false),
            ("Sources/Flow/A.swift", "import GRDB", false),
            ("Sources/Else/A.swift", "", false),
            ("Tests/FlowTests/A.swift", "@testable import Flow", true),
            ("Tests/FlowTests/A.swift", "@testable import Words", false),
        ])
    func importViolations(path: String, line: String, allowed: Bool) {
        let table = DependencyTable(rows: [
            "CCurl": .init(), "Words": .init(packages: ["Crypto"], foundation: false),
            "Flow": .init(ours: ["Words", "CCurl"], packages: ["Yams", "GRDB"]),
        ])
        let file = SourceFile(path: path, text: "\(line)\n\nlet important = 1\n")
        #expect(table.violations(in: file, manifest: PackageManifest(text: Self.sample)).isEmpty == allowed)
    }
}
