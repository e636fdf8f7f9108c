/// What operators can do that is no business of the gateway itself: whoever owns the configuration provides it.
public struct AdminActions: Sendable {
    /// The metrics in the Prometheus text format; nil: there is no `GET /metrics`.
    public var metrics: (@Sendable () -> String)?
    /// Reads the configuration again; nil: there is no `POST /admin/reload`.
    public var reload: (@Sendable () async -> ReloadReport)?
    /// Shows the embedded engines and changes their adapters; nil: there is no `/admin/engines`.
    public var engines: EngineActions?

    /// Makes the actions.
    public init(
        metrics: (@Sendable () -> String)? = nil, reload: (@Sendable () async -> ReloadReport)? = nil,
        engines: EngineActions? = nil
    ) {
        self.metrics = metrics
        self.reload = reload
        self.engines = engines
    }
}

/// What became of an attempt to take over a changed configuration.
public struct ReloadReport: Sendable, Equatable, Codable {
    /// One thing that is wrong with the configuration.
    public struct Problem: Sendable, Equatable, Codable {
        /// The file, or where else the setting comes from.
        public var file: String
        /// The line, from one, where it is known.
        public var line: Int?
        /// The key, where there is one.
        public var key: String?
        /// What is wrong, and what to do.
        public var message: String

        /// Makes a problem.
        public init(file: String, line: Int? = nil, key: String? = nil, message: String) {
            self.file = file
            self.line = line
            self.key = key
            self.message = message
        }
    }

    /// `ok`, or `error` if the old configuration stays.
    public var result: String
    /// What is wrong; empty unless the result is `error`.
    public var errors: [Problem]
    /// Settings that were changed and take effect only with a restart.
    public var restartRequired: [String]

    /// The names in JSON.
    public enum CodingKeys: String, CodingKey {
        /// `result` and the like: the properties' names in the JSON's spelling.
        case result, errors
        case restartRequired = "restart_required"
    }

    /// Whether the new configuration is in force.
    public var isTakenOver: Bool { result == "ok" }

    /// The new configuration is in force, but for what needs a restart.
    public static func takenOver(restartRequired: [String]) -> ReloadReport {
        ReloadReport(result: "ok", errors: [], restartRequired: restartRequired)
    }

    /// The old configuration stays.
    public static func refused(_ errors: [Problem]) -> ReloadReport {
        ReloadReport(result: "error", errors: errors, restartRequired: [])
    }
}
