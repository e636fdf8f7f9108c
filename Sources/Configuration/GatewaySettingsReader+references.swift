import Foundation

extension GatewaySettingsReader {
    /// A path in the file, taken relative to the file's folder.
    func path(_ value: YAMLReader) throws(ConfigurationError) -> String {
        path(try value.nonEmptyString())
    }

    /// A path relative to the file's folder.
    func path(_ name: String) -> String {
        if name.hasPrefix("/") { return name }
        let folder = (root.file as NSString).deletingLastPathComponent
        let joined = folder.isEmpty ? name : "\(folder)/\(name)"
        let isAbsolute = joined.hasPrefix("/")
        var parts: [Substring] = []
        for part in joined.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        return (isAbsolute ? "/" : "") + parts.joined(separator: "/")
    }

    /// A name that must be one of those defined in the file.
    func known(_ value: YAMLReader, among names: [String], what: String) throws(ConfigurationError) -> String {
        let name = try value.nonEmptyString()
        if names.contains(name) { return name }
        let advice: String
        if let nearest = NearestName.of(name, among: names) {
            advice = "did you mean '\(nearest)'?"
        } else if names.isEmpty {
            advice = "define it, or remove this line"
        } else {
            advice = "known are \(names.joined(separator: ", "))"
        }
        throw value.error("there is no \(what) named '\(name)'", advice)
    }

    /// Two backends with one name could not be told apart.
    func refuseSharedNames(_ file: YAMLMapping) {
        var seen: Set<String> = []
        for section in ["engines", "servers", "upstreams"] {
            named(file[section]) { entry throws(ConfigurationError) in
                guard seen.insert(entry.name).inserted else {
                    throw entry.value.error(
                        "another backend has the same name", "give each a name of its own", at: entry.line)
                }
            }
        }
    }

    /// Two models with one name could not be told apart by clients: base models, adapters and aliases.
    func refuseSharedModels(_ file: YAMLMapping) {
        var seen: [String: String] = [:]
        named(file["engines"]) { entry throws(ConfigurationError) in
            // What is wrong with the engine itself was noted when it was read.
            guard let mapping = try? entry.value.mapping() else { return }
            let base = (try? mapping["base_name"]?.nonEmptyString()) ?? "\(entry.name)-base"
            if let other = seen.updateValue("engine '\(entry.name)'", forKey: base) {
                throw entry.value.error(
                    "its base model is named '\(base)', and so is a model of \(other)", "give it another base_name",
                    at: entry.line)
            }
            for adapter in (try? mapping["adapters"]?.mapping().entries) ?? [] {
                if let other = seen.updateValue("engine '\(entry.name)'", forKey: adapter.name) {
                    throw adapter.value.error(
                        "a model of \(other) has the same name", "give each a name of its own", at: adapter.line)
                }
            }
        }
        named(file["aliases"]) { entry throws(ConfigurationError) in
            guard let other = seen[entry.name] else { return }
            throw entry.value.error(
                "a model of \(other) has the same name", "give each a name of its own", at: entry.line)
        }
    }

    /// The key of an upstream: written out, in an environment variable, or in a file.
    func secret(_ mapping: YAMLMapping, _ key: String = "key") throws(ConfigurationError) -> Secret? {
        let given = [key, key + "_env", key + "_file"].compactMap { mapping[$0] == nil ? nil : $0 }
        guard let first = given.first, let value = mapping[first] else { return nil }
        if given.count > 1 {
            throw mapping.owner.error("it has both \(given[0]) and \(given[1])", "keep one of them")
        }
        switch first {
        case key: return Secret(try value.nonEmptyString())
        case key + "_env": return try variable(value)
        default: return try content(value)
        }
    }

    func variable(_ value: YAMLReader) throws(ConfigurationError) -> Secret {
        let name = try value.nonEmptyString()
        guard let text = environment[name], !text.isEmpty else {
            throw value.error("the environment variable \(name) is not set", "set it before the start")
        }
        return Secret(text)
    }

    func content(_ value: YAMLReader) throws(ConfigurationError) -> Secret {
        let file = try path(value)
        let text = try YAMLReader.readText(path: file).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { throw value.error("the file \(file) is empty", "write the key into it") }
        return Secret(text)
    }
}
