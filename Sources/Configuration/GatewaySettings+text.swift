extension GatewaySettings {
    /// The settings in force, for people, in the form of YAML: defaults and options of the command line included,
    /// secrets masked. The options of upstreams have the names of what they do.
    public var text: String { SettingsOutline(self).yaml }
}

extension SettingsOutline {
    /// The outline as YAML.
    var yaml: String { lines.map { $0 + "\n" }.joined() }

    private var lines: [String] {
        switch self {
        case .text(let text): [Self.scalar(text)]
        case .list(let items):
            items.flatMap { item in
                let lines = item.lines
                return zip(lines, lines.indices).map { ($1 == 0 ? "- " : "  ") + $0 }
            }
        case .mapping(let entries): entries.isEmpty ? ["{}"] : entries.flatMap(Self.lines)
        }
    }

    private static func lines(_ entry: Entry) -> [String] {
        let key = scalar(entry.key)
        let lines = entry.value.lines
        if case .text = entry.value { return ["\(key): \(lines[0])"] }
        if lines == ["{}"] { return ["\(key): {}"] }
        return ["\(key):"] + lines.map { "  " + $0 }
    }

    /// Plain where nobody could read it otherwise, else in double quotes.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                || "_./-".unicodeScalars.contains(scalar)
        }
        if isPlain, let first = text.first, first != "-", first != "." { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + (digits.count == 1 ? "0" : "") + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
