import Foundation

extension GatewaySettings {
    /// Reads a configuration file: unknown keys, wrong values and names that refer to nothing are errors with their place.
    ///
    /// `${NAME}` and `${NAME:-default}` in values are replaced from `environment`, which is the process's own unless given. Paths in the file are relative to its
    /// folder.
    public static func load(
        path: String, environment: [String: String]? = nil
    ) throws(ConfigurationError) -> GatewaySettings {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let root = try YAMLReader.load(path: path, environment: environment)
        return try GatewaySettingsReader(root: root, environment: environment).settings()
    }

    /// Reads the text of a configuration file; `file` is its name in errors and the base of its paths.
    static func parse(
        _ text: String, file: String, environment: [String: String] = [:]
    ) throws(ConfigurationError) -> GatewaySettings {
        let root = try YAMLReader.parse(text, file: file, environment: environment)
        return try GatewaySettingsReader(root: root, environment: environment).settings()
    }
}
