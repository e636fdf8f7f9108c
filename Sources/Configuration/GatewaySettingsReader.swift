import Access
import Experimentation
import Foundation

/// One pass over a gateway's configuration file.
struct GatewaySettingsReader {
    let root: YAMLReader
    let environment: [String: String]
    let findings: ConfigurationFindings

    func settings() throws(ConfigurationError) -> GatewaySettings {
        let file = try root.mapping(keys: [
            "listen", "admin_listen", "client_keys", "keys", "ledger", "prices", "engines", "servers",
            "upstreams", "passthrough", "tasks", "limits", "kill_switch", "stream_usage", "aliases", "routing",
            "sticky_header", "threads", "tls", "cors", "log",
        ])
        var settings = GatewaySettings()
        settings.file = root.file
        settings.ledger.file = path("var/ledger.sqlite")
        part(file["listen"]) { value throws(ConfigurationError) in settings.listen = try address(value) }
        part(file["admin_listen"]) { value throws(ConfigurationError) in settings.adminListen = try address(value) }
        part(file["keys"]) { value throws(ConfigurationError) in settings.keys = try keys(value) }
        part(file["ledger"]) { value throws(ConfigurationError) in settings.ledger = try ledger(value) }
        part(file["prices"]) { value throws(ConfigurationError) in settings.prices = try path(value) }
        part(file["kill_switch"]) { value throws(ConfigurationError) in settings.killSwitch = try value.bool() }
        part(file["stream_usage"]) { value throws(ConfigurationError) in
            settings.streamUsage = try value.choice(StreamUsageSetting.self)
        }
        items(file["client_keys"]) { value throws(ConfigurationError) in
            settings.clientKeys += try clientKey(value)
        }
        named(file["engines"]) { entry throws(ConfigurationError) in settings.engines.append(try engine(entry)) }
        named(file["servers"]) { entry throws(ConfigurationError) in settings.servers.append(try upstream(entry)) }
        named(file["upstreams"]) { entry throws(ConfigurationError) in settings.upstreams.append(try upstream(entry)) }
        part(file["limits"]) { value throws(ConfigurationError) in settings.limits = try limits(value) }
        settings.listener = listener(file)
        refuseSharedNames(file)
        refuseSharedModels(file)
        let upstreams = names(file, in: ["upstreams"])
        part(file["passthrough"]) { value throws(ConfigurationError) in
            settings.passthrough = try known(value, among: upstreams, what: "upstream")
        }
        let backends = names(file, in: ["engines", "servers", "upstreams"])
        routes(file, backends: backends, &settings)
        items(file["tasks"]) { value throws(ConfigurationError) in
            settings.tasks.append(try task(value, backends: backends, others: settings.tasks))
        }
        return settings
    }

    /// Reads a value if it is there; what is wrong with it is noted, and reading goes on.
    func part(_ value: YAMLReader?, _ read: (YAMLReader) throws(ConfigurationError) -> Void) {
        guard let value else { return }
        _ = findings.part { () throws(ConfigurationError) in try read(value) }
    }

    /// Reads each item of a list by itself.
    func items(_ value: YAMLReader?, _ read: (YAMLReader) throws(ConfigurationError) -> Void) {
        guard let value else { return }
        let items = findings.part { () throws(ConfigurationError) in try value.list() }
        for item in items ?? [] { part(item, read) }
    }

    /// Reads each entry of a mapping by itself.
    func named(_ value: YAMLReader?, _ read: (YAMLMapping.Entry) throws(ConfigurationError) -> Void) {
        guard let value else { return }
        let mapping = findings.part { () throws(ConfigurationError) in try value.mapping() }
        for entry in mapping?.entries ?? [] {
            _ = findings.part { () throws(ConfigurationError) in try read(entry) }
        }
    }

    /// The names that sections define, whether or not what they name is right.
    private func names(_ file: YAMLMapping, in sections: [String]) -> [String] {
        sections.flatMap { ((try? file[$0]?.mapping())?.entries ?? []).map(\.name) }
    }

    private func address(_ value: YAMLReader) throws(ConfigurationError) -> ListenAddress {
        guard let address = ListenAddress(try value.nonEmptyString()) else {
            throw value.error("it is not HOST:PORT", "write an address such as 127.0.0.1:8080")
        }
        return address
    }

    private func ledger(_ value: YAMLReader) throws(ConfigurationError) -> LedgerSetting {
        let mapping = try value.mapping(keys: ["file", "durability", "on_error"])
        var ledger = LedgerSetting()
        ledger.file =
            try mapping["file"].map { value throws(ConfigurationError) in try path(value) }
            ?? path(ledger.file)
        ledger.durability = try mapping["durability"]?.choice(LedgerSetting.Durability.self) ?? .process
        ledger.onError = try mapping["on_error"]?.choice(LedgerSetting.Failing.self) ?? .serve
        return ledger
    }

    private func engine(_ entry: YAMLMapping.Entry) throws(ConfigurationError) -> EngineSetting {
        let mapping = try entry.value.mapping(
            keys: [
                "model", "base_name", "adapters", "threads", "sequences", "queue", "cache_mib", "prefix_cache", "chunk",
                "renders_tools", "guesses", "precision", "packed_file",
            ])
        var engine = EngineSetting(
            name: entry.name, model: try path(mapping.required("model", "give the folder of the base model")),
            baseName: try mapping["base_name"].map { value throws(ConfigurationError) in try modelName(value) }
                ?? "\(entry.name)-base")
        for adapter in try mapping["adapters"]?.mapping().entries ?? [] {
            engine.adapters.append(try self.adapter(adapter))
        }
        engine.precision = try mapping["precision"]?.choice(EngineSetting.Precision.self) ?? engine.precision
        engine.threads = try mapping["threads"]?.int(in: 1...64) ?? engine.threads
        engine.sequences = try mapping["sequences"]?.int(in: 1...1_024) ?? engine.sequences
        engine.queue = try mapping["queue"]?.int(in: 0...100_000) ?? engine.queue
        engine.cacheMib = try mapping["cache_mib"]?.int(in: 1...4_194_304) ?? engine.cacheMib
        engine.prefixCache = try mapping["prefix_cache"]?.bool() ?? engine.prefixCache
        engine.rendersTools = try mapping["renders_tools"]?.bool() ?? engine.rendersTools
        engine.packedFile = try mapping["packed_file"]?.bool() ?? engine.packedFile
        engine.chunk = try mapping["chunk"]?.int(in: 1...256) ?? engine.chunk
        engine.guesses = try mapping["guesses"]?.int(in: 0...16) ?? engine.guesses
        return engine
    }

    private func modelName(_ value: YAMLReader) throws(ConfigurationError) -> String {
        let name = try value.nonEmptyString()
        guard ModelName.isValid(name) else { throw value.error(ModelName.problem, ModelName.advice) }
        return name
    }

    /// A folder, or a mapping of `folder` and `sha256`.
    private func adapter(_ entry: YAMLMapping.Entry) throws(ConfigurationError) -> AdapterSetting {
        guard ModelName.isValid(entry.name) else { throw entry.value.error(ModelName.problem, ModelName.advice) }
        guard entry.value.isMapping else {
            return AdapterSetting(name: entry.name, folder: try path(entry.value))
        }
        let mapping = try entry.value.mapping(keys: ["folder", "sha256"])
        let folder = try path(mapping.required("folder", "give the folder of the adapter"))
        let hash = try mapping["sha256"].map { value throws(ConfigurationError) in
            let text = try value.nonEmptyString()
            guard KeyHash.isHexadecimal(text) else {
                throw value.error("it is not a SHA-256", "write 64 hexadecimal digits, as sha256sum prints them")
            }
            return text
        }
        return AdapterSetting(name: entry.name, folder: folder, sha256: hash)
    }

    private func limits(_ value: YAMLReader) throws(ConfigurationError) -> LimitSettings {
        let mapping = try value.mapping(
            keys: [
                "body_bytes", "json_depth", "tuned_first_token_seconds", "connect_seconds", "first_byte_seconds",
                "idle_seconds", "total_seconds", "client_idle_seconds", "drain_seconds",
            ] + Self.listenerLimits)
        var limits = LimitSettings()
        part(mapping["body_bytes"]) { value throws(ConfigurationError) in
            limits.bodyBytes = try value.int(in: 1024...(1 << 30))
        }
        part(mapping["json_depth"]) { value throws(ConfigurationError) in
            limits.jsonDepth = try value.int(in: 8...1024)
        }
        func seconds(_ key: String, _ standard: Double) -> Double {
            var result = standard
            part(mapping[key]) { value throws(ConfigurationError) in result = try value.double(in: 0.05...86400) }
            return result
        }
        limits.tunedFirstToken = seconds("tuned_first_token_seconds", limits.tunedFirstToken)
        limits.connect = seconds("connect_seconds", limits.connect)
        limits.firstByte = seconds("first_byte_seconds", limits.firstByte)
        limits.idle = seconds("idle_seconds", limits.idle)
        limits.total = seconds("total_seconds", limits.total)
        limits.clientIdle = seconds("client_idle_seconds", limits.clientIdle)
        limits.drain = seconds("drain_seconds", limits.drain)
        return limits
    }

    private func task(
        _ item: YAMLReader, backends: [String], others: [TaskSetting]
    ) throws(ConfigurationError) -> TaskSetting {
        let mapping = try item.mapping(keys: ["folder", "mode", "tuned", "full_prompt", "breaker"])
        let folder = try mapping.required("folder", "give the task's folder")
        var task = TaskSetting(folder: try path(folder))
        task.key = item.key
        if others.contains(where: { $0.folder == task.folder }) {
            throw folder.error("another task has the same folder", "remove one of the two")
        }
        part(mapping["mode"]) { value throws(ConfigurationError) in task.mode = try mode(value) }
        part(mapping["tuned"]) { value throws(ConfigurationError) in
            task.tuned = try target(value, backends: backends)
        }
        part(mapping["full_prompt"]) { value throws(ConfigurationError) in
            task.fullPrompt = try target(value, backends: backends)
        }
        part(mapping["breaker"]) { value throws(ConfigurationError) in task.breaker = try breaker(value) }
        return task
    }

    func target(_ value: YAMLReader, backends: [String]) throws(ConfigurationError) -> TaskSetting.Target {
        let mapping = try value.mapping(keys: ["backend", "model"])
        let backend = try known(mapping.required("backend"), among: backends, what: "engine, server or upstream")
        return TaskSetting.Target(backend: backend, model: try mapping["model"]?.nonEmptyString())
    }

    private func mode(_ value: YAMLReader) throws(ConfigurationError) -> Mode {
        let text = try value.string()
        do throws(ModeError) {
            // YAML itself reads `on` and `off` as booleans; the text as written is what counts here.
            return try Mode(text: text)
        } catch {
            throw value.error("'\(text.prefix(40))' is not a mode", "write \(Mode.allowedForms)")
        }
    }
}
