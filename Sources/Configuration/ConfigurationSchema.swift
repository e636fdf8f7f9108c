/// The JSON Schema of a gateway's configuration file: which keys may stand where.
///
/// It is what the reader itself accepts: the reader reads a sample, and every mapping that it opens tells its keys.
/// Values are left open, because each may be a `${NAME}`.
public enum ConfigurationSchema {
    /// One of everything that holds further keys; `NAME` stands for names of the operator's choice.
    private static let sample = """
        ledger: {}
        client_keys: [{}]
        keys: {}
        engines: {NAME: {}}
        servers: {NAME: {base_url: "http://NAME", breaker: {}, retry: {}}}
        upstreams: {NAME: {base_url: "http://NAME", breaker: {}, retry: {}}}
        aliases: {NAME: {}}
        routing: [{to: {}}]
        tasks: [{folder: FOLDER, tuned: {}, full_prompt: {}, breaker: {}}]
        limits: {}

        """

    /// The schema, draft 2020-12, as JSON text.
    public static var json: String {
        let findings = ConfigurationFindings()
        _ = GatewaySettings.parse(sample, file: "sample", environment: [:], findings: findings)
        var lines = object(at: "", findings.keys)
        lines.insert("  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",", at: 1)
        lines.insert("  \"title\": \"promptintern configuration\",", at: 2)
        return lines.map { $0 + "\n" }.joined()
    }

    private static func object(at path: String, _ keys: [String: [String]]) -> [String] {
        let names = (keys[path] ?? []).sorted()
        var lines = ["{", "  \"type\": \"object\",", "  \"additionalProperties\": false,", "  \"properties\": {"]
        for name in names {
            var value = property(at: path.isEmpty ? name : "\(path).\(name)", keys)
            value[0] = "    \"\(name)\": " + value[0]
            if name != names.last { value[value.count - 1] += "," }
            lines += value.prefix(1) + value.dropFirst().map { "    " + $0 }
        }
        return lines + ["  }", "}"]
    }

    private static func property(at path: String, _ keys: [String: [String]]) -> [String] {
        if keys[path] != nil { return object(at: path, keys) }
        if keys[path + ".NAME"] != nil { return wrapped("object", "additionalProperties", path + ".NAME", keys) }
        if keys[path + "[0]"] != nil { return wrapped("array", "items", path + "[0]", keys) }
        return ["{}"]
    }

    private static func wrapped(
        _ type: String, _ member: String, _ path: String, _ keys: [String: [String]]
    ) -> [String] {
        var inner = object(at: path, keys)
        inner[0] = "  \"\(member)\": " + inner[0]
        return ["{", "  \"type\": \"\(type)\","] + inner.prefix(1) + inner.dropFirst().map { "  " + $0 } + ["}"]
    }
}
