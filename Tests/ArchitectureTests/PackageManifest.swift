/// The targets of `Package.swift` and what each declares to depend on, read from its text.
///
/// SwiftPM itself cannot be asked here: it waits for the build folder's lock, which `swift test` holds.
struct PackageManifest {
    struct Target: Equatable {
        var kind: String
        var name: String
        var dependencies: [String]
    }

    var targets: [Target]

    init(text: String) {
        let lines = text.split(separator: "\n").map { line -> Substring in
            line.firstRange(of: "// ").map { line[..<$0.lowerBound] } ?? line
        }
        let source = lines.joined(separator: "\n")
        let shared = Self.constants(in: source)
        var found: [Target] = []
        for kind in ["target", "executableTarget", "testTarget", "systemLibrary"] {
            for call in Self.calls("." + kind, in: source) {
                guard let name = Self.string(after: "name:", in: call) else { continue }
                found.append(Target(kind: kind, name: name, dependencies: Self.dependencies(of: call, shared: shared)))
            }
        }
        targets = found.sorted { $0.name < $1.name }
    }

    /// What stands between the brackets of each `name(…)`, for calls that declare something (`name:` comes first).
    private static func calls(_ name: String, in source: String) -> [Substring] {
        var rest = source[...]
        var found: [Substring] = []
        while let start = rest.firstRange(of: name + "(") {
            let inside = balanced(rest[start.upperBound...], open: "(", close: ")")
            if inside.drop(while: \.isWhitespace).hasPrefix("name:") { found.append(inside) }
            rest = rest[start.upperBound...]
        }
        return found
    }

    /// The dependencies named in a target's list: `"Target"`, `.product(name: "Module", …)`, or a constant.
    private static func dependencies(of call: Substring, shared: [String: String]) -> [String] {
        guard let start = call.firstRange(of: "dependencies:"),
            let bracket = call[start.upperBound...].firstIndex(of: "[")
        else { return [] }
        var rest = balanced(call[call.index(after: bracket)...], open: "[", close: "]")
        var found: [String] = []
        while let first = rest.first {
            if first == "\"" {
                let name = rest.dropFirst().prefix { $0 != "\"" }
                found.append(String(name))
                rest = rest[name.endIndex...].dropFirst()
            } else if first == "." {
                let open = rest.firstIndex(of: "(") ?? rest.endIndex
                let inside = balanced(rest[open...].dropFirst(), open: "(", close: ")")
                if let name = string(after: "name:", in: inside) { found.append(name) }
                rest = rest[inside.endIndex...].dropFirst()
            } else if first.isLetter {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                found.append(shared[String(word)] ?? "an unknown constant '\(word)'")
                rest = rest[word.endIndex...]
            } else {
                rest = rest.dropFirst()
            }
        }
        return found
    }

    /// `let crypto: Target.Dependency = .product(name: "Crypto", …)` as ["crypto": "Crypto"].
    private static func constants(in source: String) -> [String: String] {
        var found: [String: String] = [:]
        for line in source.split(separator: "\n") where line.contains("Target.Dependency =") {
            let name = line.drop { $0 != " " }.dropFirst().prefix { $0 != ":" }
            found[String(name)] = string(after: "name:", in: line)
        }
        return found
    }

    private static func string(after label: String, in text: Substring) -> String? {
        guard let start = text.firstRange(of: label) else { return nil }
        let quoted = text[start.upperBound...].drop { $0 != "\"" }.dropFirst()
        return quoted.isEmpty ? nil : String(quoted.prefix { $0 != "\"" })
    }

    private static func balanced(_ text: Substring, open: Character, close: Character) -> Substring {
        var depth = 1
        for index in text.indices {
            if text[index] == open { depth += 1 }
            if text[index] == close { depth -= 1 }
            if depth == 0 { return text[..<index] }
        }
        return text
    }
}
