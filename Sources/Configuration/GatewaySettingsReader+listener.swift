/// How the listeners treat their clients: what the keys `threads`, `cors`, `log` and some of `limits` say.
public struct ListenerSettings: Sendable, Hashable {
    /// How many event loops serve the connections; one for every second core if nil.
    public var threads: Int?
    /// The certificate; nil leaves the listener without TLS.
    public var tls: TLSSetting?
    /// The web pages that may read answers; nil leaves that to the upstream.
    public var corsOrigins: [String]?
    /// The log.
    public var log = LogSettings()
    /// How long the head of a request may take, in seconds.
    public var header = 10.0
    /// How long a client may pause while it sends a body, in seconds.
    public var bodyIdle = 15.0
    /// How long a client may take nothing of an answer, in seconds.
    public var writeIdle = 60.0
    /// How many connections may be open.
    public var connections = 16_384
    /// How many requests may be in progress.
    public var requestsInProgress = 4096
    /// How many more may wait.
    public var requestsWaiting = 1024
    /// How long a request may wait, in seconds.
    public var waiting = 10.0
    /// What the bodies of all requests may hold together, in bytes.
    public var bodyMemoryBytes = 1 << 30

    /// The defaults.
    public init() {}
}

/// Where the main listener's certificate and key are, in PEM.
public struct TLSSetting: Sendable, Hashable {
    /// The certificate and those that vouch for it.
    public var certificate: String
    /// Its private key.
    public var key: String
    /// Those who vouch for clients' certificates; with it clients need one.
    public var clientCA: String?

    /// Names the files.
    public init(certificate: String, key: String, clientCA: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientCA = clientCA
    }
}

/// What the log tells, and how.
public struct LogSettings: Sendable, Hashable {
    /// From which level on there are lines.
    public enum Level: String, Sendable, Hashable, CaseIterable {
        /// Health checks too.
        case debug
        /// Requests too, if they are asked for.
        case info
        /// Changes that operators make.
        case notice
        /// What goes wrong and is made up for.
        case warning
        /// What goes wrong.
        case error
    }

    /// How lines look.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// `name=value` pairs.
        case line
        /// One JSON object a line.
        case json
    }

    /// From which level on there are lines.
    public var level = Level.info
    /// How lines look.
    public var format = Format.line
    /// Whether each request has a line.
    public var requests = true

    /// The defaults.
    public init() {}
}

extension GatewaySettingsReader {
    /// The keys of `limits` that concern the listeners.
    static let listenerLimits = [
        "header_seconds", "body_idle_seconds", "write_idle_seconds", "connections", "requests_in_progress",
        "requests_waiting", "waiting_seconds", "body_memory_bytes",
    ]

    /// Reads what concerns the listeners.
    func listener(_ file: YAMLMapping) -> ListenerSettings {
        var settings = ListenerSettings()
        part(file["threads"]) { value throws(ConfigurationError) in settings.threads = try value.int(in: 1...256) }
        part(file["tls"]) { value throws(ConfigurationError) in settings.tls = try tls(value) }
        part(file["cors"]) { value throws(ConfigurationError) in settings.corsOrigins = try origins(value) }
        part(file["log"]) { value throws(ConfigurationError) in settings.log = try log(value) }
        guard let limits = try? file["limits"]?.mapping() else { return settings }
        func seconds(_ key: String, _ target: WritableKeyPath<ListenerSettings, Double>) {
            part(limits[key]) { value throws(ConfigurationError) in
                settings[keyPath: target] = try value.double(in: 0.05...86400)
            }
        }
        func count(_ key: String, from least: Int, _ target: WritableKeyPath<ListenerSettings, Int>) {
            part(limits[key]) { value throws(ConfigurationError) in
                settings[keyPath: target] = try value.int(in: least...1_000_000)
            }
        }
        seconds("header_seconds", \.header)
        seconds("body_idle_seconds", \.bodyIdle)
        seconds("write_idle_seconds", \.writeIdle)
        seconds("waiting_seconds", \.waiting)
        count("connections", from: 1, \.connections)
        count("requests_in_progress", from: 1, \.requestsInProgress)
        count("requests_waiting", from: 0, \.requestsWaiting)
        part(limits["body_memory_bytes"]) { value throws(ConfigurationError) in
            settings.bodyMemoryBytes = try value.int(in: 1 << 20...1 << 40)
        }
        return settings
    }

    private func tls(_ value: YAMLReader) throws(ConfigurationError) -> TLSSetting {
        let mapping = try value.mapping(keys: ["certificate", "key", "client_ca"])
        return TLSSetting(
            certificate: try path(mapping.required("certificate", "give the certificate's PEM file")),
            key: try path(mapping.required("key", "give the private key's PEM file")),
            clientCA: try mapping["client_ca"].map { value throws(ConfigurationError) in try path(value) })
    }

    private func origins(_ value: YAMLReader) throws(ConfigurationError) -> [String] {
        let list = try value.mapping(keys: ["origins"]).required("origins", "list the pages' origins, or '*' for all")
        var origins: [String] = []
        for item in try list.list() {
            let origin = try item.nonEmptyString()
            let isOrigin = origin.hasPrefix("http://") || origin.hasPrefix("https://")
            guard origin == "*" || isOrigin && !origin.dropFirst(8).contains("/") else {
                throw item.error("it is no origin", "write https://HOST, without a path, or '*' for every page")
            }
            origins.append(origin)
        }
        return origins
    }

    private func log(_ value: YAMLReader) throws(ConfigurationError) -> LogSettings {
        let mapping = try value.mapping(keys: ["level", "format", "requests"])
        var log = LogSettings()
        log.level = try mapping["level"]?.choice(LogSettings.Level.self) ?? log.level
        log.format = try mapping["format"]?.choice(LogSettings.Format.self) ?? log.format
        log.requests = try mapping["requests"]?.bool() ?? log.requests
        return log
    }
}
