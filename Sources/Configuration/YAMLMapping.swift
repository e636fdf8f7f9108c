/// The entries of one mapping of a YAML file, in the order of the file.
struct YAMLMapping {
    /// A key with its line and its value.
    struct Entry {
        let name: String
        let line: Int?
        let value: YAMLReader
    }

    /// The mapping as a value, for errors about the whole.
    let owner: YAMLReader
    let entries: [Entry]

    /// The value of a key; `nil` if it is absent or written without a value.
    subscript(name: String) -> YAMLReader? {
        guard let entry = entries.first(where: { $0.name == name }), !entry.value.isNull else { return nil }
        return entry.value
    }

    /// The value of a key that must be there.
    func required(_ name: String, _ advice: String? = nil) throws(ConfigurationError) -> YAMLReader {
        if let value = self[name] { return value }
        throw owner.error("'\(name)' is missing", advice ?? "add the line '\(name): …'")
    }

    /// The only key of a mapping that must have exactly one of several.
    func single(of names: [String]) throws(ConfigurationError) -> Entry {
        let found = entries.filter { names.contains($0.name) }
        guard found.count == 1, let entry = found.first else {
            throw owner.error(
                "it must have exactly one of \(names.joined(separator: ", ")), and has \(found.count)",
                "keep one of them")
        }
        return entry
    }
}
