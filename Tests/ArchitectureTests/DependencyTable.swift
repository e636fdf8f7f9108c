/// The rule of docs/architecture.md: what each target may depend on, ours and others', and nothing else.
struct DependencyTable {
    struct Row {
        /// Targets of this package.
        var ours: Set<String> = []
        /// Modules of other packages.
        var packages: Set<String> = []
        /// Whether the module may see Foundation (the vocabulary that is parsed from the network may not).
        var foundation = true
    }

    var rows: [String: Row]

    /// Bridges to C: no Swift import can name them but in the targets whose row does.
    static let bridges: Set<String> = ["CCurl", "COpenBLAS", "CKernels", "CSandbox"]
    /// What the toolchain brings, allowed everywhere.
    static let system: Set<String> = ["Swift", "Glibc", "Musl", "Darwin", "Dispatch", "Synchronization"]
    /// What needs a row's permission, though the toolchain brings it.
    static let foundation: Set<String> = ["Foundation", "FoundationEssentials"]
    /// What every test target may import besides its declared dependencies.
    static let testing: Set<String> = ["Testing", "TestSupport", "Foundation", "FoundationEssentials"]

    static let current = DependencyTable(rows: [
        "CCurl": Row(),
        "COpenBLAS": Row(),
        "CKernels": Row(),
        "CSandbox": Row(),

        "Randomness": Row(foundation: false),
        "PromptSchema": Row(packages: ["Crypto"], foundation: false),
        "ChatAPI": Row(foundation: false),
        "Tokenization": Row(packages: ["Crypto"]),
        "Grammar": Row(ours: ["ChatAPI"], foundation: false),
        "Experimentation": Row(packages: ["Crypto"]),
        "Ledger": Row(packages: ["GRDB", "GRDBSQLite"]),
        "Telemetry": Row(foundation: false),
        "Access": Row(packages: ["Crypto", "GRDB"]),

        "Engine": Row(ours: ["Randomness", "CKernels", "COpenBLAS"], packages: ["Crypto"]),
        "Tuning": Row(ours: ["Randomness", "Engine", "CKernels", "COpenBLAS"], packages: ["Crypto"]),
        "Transport": Row(ours: ["CCurl"]),

        "Gateway": Row(
            ours: ["ChatAPI", "PromptSchema", "Tokenization", "Experimentation", "Ledger", "Telemetry", "Access"]),
        "Internalization": Row(
            ours: ["Randomness", "PromptSchema", "Tokenization", "Engine", "Tuning", "CSandbox"], packages: ["Crypto"]),

        "FineTuning": Row(ours: ["Transport"]),

        "HouseBooks": Row(ours: ["Randomness", "PromptSchema"]),
        "Configuration": Row(
            ours: [
                "PromptSchema", "Experimentation", "Ledger", "Gateway", "Access", "Internalization", "ChatAPI",
                "Grammar",
            ],
            packages: ["Yams"]),
        "Backends": Row(
            ours: ["Gateway", "Engine", "Transport", "ChatAPI", "Grammar", "PromptSchema", "Tokenization"],
            packages: ["Crypto"]),
        "Server": Row(
            ours: ["Gateway", "ChatAPI", "Ledger", "Experimentation", "Access", "Transport"],
            packages: [
                "NIOCore", "NIOHTTP1", "NIOHTTP2", "NIOPosix", "NIOSSL", "Logging", "ServiceLifecycle",
            ]),
        "promptintern": Row(
            ours: [
                "Access", "Backends", "ChatAPI", "Configuration", "Engine", "Experimentation", "FineTuning", "Gateway",
                "HouseBooks", "Internalization", "Ledger", "Telemetry", "PromptSchema", "Randomness", "Server",
                "Tokenization",
                "Transport",
                "Tuning",
            ],
            packages: ["ArgumentParser", "Logging", "ServiceLifecycle"]),
    ])

    /// Where the package declares a target the table lacks, lacks one it names, or declares a dependency it forbids.
    func violations(in manifest: PackageManifest) -> [String] {
        let product = manifest.targets.filter { $0.kind != "testTarget" && $0.name != "TestSupport" }
        var found: [String] = []
        for target in product {
            guard let row = rows[target.name] else {
                found.append("\(target.name) is not in the dependency table")
                continue
            }
            for name in target.dependencies where !row.ours.contains(name) && !row.packages.contains(name) {
                found.append("\(target.name) declares \(name), which its row does not allow")
            }
        }
        let declared = Set(product.map(\.name))
        let undeclared = rows.keys.filter { !declared.contains($0) }.sorted()
        return found + undeclared.map { "\($0) is in the table, not in the package" }
    }

    /// Where a file imports what its target may not see, has not declared, or must keep to itself.
    func violations(in file: SourceFile, manifest: PackageManifest) -> [String] {
        guard let name = file.target else { return ["\(file.path) belongs to no target"] }
        guard let target = manifest.targets.first(where: { $0.name == name }) else {
            return ["\(file.path) is in a folder that is no target of the package"]
        }
        return ImportDeclaration.all(in: file).compactMap { line in
            reason(against: line, in: target).map { "\(file.path): import \(line.module): \($0)" }
        }
    }

    private func reason(against line: ImportDeclaration, in target: PackageManifest.Target) -> String? {
        if Self.bridges.contains(line.module), line.access == .public || line.access == .package {
            return "a bridge to C is imported internally only"
        }
        if Self.system.contains(line.module) { return nil }
        if target.kind == "testTarget" || target.name == "TestSupport" {
            let allowed = Self.testing.union(target.dependencies)
            return allowed.contains(line.module) ? nil : "not declared by \(target.name)"
        }
        if Self.foundation.contains(line.module) {
            return rows[target.name]?.foundation == true ? nil : "\(target.name) does without Foundation"
        }
        guard let row = rows[target.name] else { return "\(target.name) is not in the dependency table" }
        guard row.ours.contains(line.module) || row.packages.contains(line.module) else {
            return "the dependency table does not allow it in \(target.name)"
        }
        return target.dependencies.contains(line.module) ? nil : "\(target.name) does not declare it in Package.swift"
    }
}
