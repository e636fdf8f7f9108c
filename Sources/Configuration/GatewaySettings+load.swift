import Foundation

extension GatewaySettings {
    /// Reads a configuration file: unknown keys, wrong values and names that refer to nothing are errors with their
    /// place.
    ///
    /// `${NAME}` and `${NAME:-default}` in values are replaced from `environment`, which is the process's own unless
    /// given. Paths in the file are relative to its folder.
    public static func load(
        path: String, environment: [String: String]? = nil
    ) throws(ConfigurationError) -> GatewaySettings {
        let findings = ConfigurationFindings()
        let settings = load(path: path, environment: environment, findings: findings)
        try findings.check()
        return settings
    }

    /// Reads what can be read of a configuration file, and notes everything that is wrong with it.
    public static func load(
        path: String, environment: [String: String]? = nil, findings: ConfigurationFindings
    ) -> GatewaySettings {
        read(findings, environment ?? ProcessInfo.processInfo.environment) { environment throws(ConfigurationError) in
            try YAMLReader.load(path: path, environment: environment)
        }
    }

    /// Reads the text of a configuration file; `file` is its name in errors and the base of its paths.
    static func parse(
        _ text: String, file: String, environment: [String: String] = [:]
    ) throws(ConfigurationError) -> GatewaySettings {
        let findings = ConfigurationFindings()
        let settings = parse(text, file: file, environment: environment, findings: findings)
        try findings.check()
        return settings
    }

    static func parse(
        _ text: String, file: String, environment: [String: String], findings: ConfigurationFindings
    ) -> GatewaySettings {
        read(findings, environment) { environment throws(ConfigurationError) in
            try YAMLReader.parse(text, file: file, environment: environment)
        }
    }

    private static func read(
        _ findings: ConfigurationFindings, _ environment: [String: String],
        root: ([String: String]) throws(ConfigurationError) -> YAMLReader
    ) -> GatewaySettings {
        let read = findings.part { () throws(ConfigurationError) -> GatewaySettings in
            var root = try root(environment)
            root.findings = findings
            return try GatewaySettingsReader(root: root, environment: environment, findings: findings).settings()
        }
        var settings = read ?? GatewaySettings()
        settings.lines = findings.lines
        return settings
    }

    /// An error at a key, such as `engines.demo.model`: with its line, or that of the nearest key around it that the
    /// file has; what is not in the file comes from the command line.
    public func error(at key: String, _ problem: String, _ advice: String = "") -> ConfigurationError {
        var place = key[...]
        while lines[String(place)] == nil, let end = place.lastIndex(where: { $0 == "." || $0 == "[" }) {
            place = place[..<end]
        }
        let line = lines[String(place)]
        return ConfigurationError(
            file: line == nil ? "the command line" : file ?? "the configuration", line: line, key: key,
            problem: problem, advice: advice)
    }
}
