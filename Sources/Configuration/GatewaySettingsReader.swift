import Experimentation
import Foundation

/// One pass over a gateway's configuration file.
struct GatewaySettingsReader {
    let root: YAMLReader
    let environment: [String: String]

    func settings() throws(ConfigurationError) -> GatewaySettings {
        let file = try root.mapping(keys: [
            "listen", "admin_listen", "client_keys", "ledger", "prices", "engines", "servers", "upstreams",
            "passthrough", "tasks", "limits", "kill_switch",
        ])
        var settings = GatewaySettings()
        settings.file = root.file
        if let value = file["listen"] { settings.listen = try address(value) }
        if let value = file["admin_listen"] { settings.adminListen = try address(value) }
        if let value = file["ledger"] {
            settings.ledger = try ledger(value)
        } else {
            settings.ledger.file = path("var/ledger.sqlite")
        }
        settings.prices = try file["prices"].map { value throws(ConfigurationError) in try path(value) }
        settings.killSwitch = try file["kill_switch"]?.bool() ?? false
        for value in try file["client_keys"]?.list() ?? [] { settings.clientKeys += try clientKey(value) }
        settings.engines = try named(file["engines"]) { entry throws(ConfigurationError) in try engine(entry) }
        settings.servers = try named(file["servers"]) { entry throws(ConfigurationError) in try upstream(entry) }
        settings.upstreams = try named(file["upstreams"]) { entry throws(ConfigurationError) in try upstream(entry) }
        if let value = file["limits"] { settings.limits = try limits(value) }
        try refuseSharedNames(file, settings)
        if let value = file["passthrough"] {
            settings.passthrough = try known(value, among: settings.upstreams.map(\.name), what: "upstream")
        }
        settings.tasks = try tasks(file["tasks"], backends: settings.backendNames)
        return settings
    }

    private func named<Setting>(
        _ value: YAMLReader?, read: (YAMLMapping.Entry) throws(ConfigurationError) -> Setting
    ) throws(ConfigurationError) -> [Setting] {
        guard let value else { return [] }
        var settings: [Setting] = []
        for entry in try value.mapping().entries { settings.append(try read(entry)) }
        return settings
    }

    private func address(_ value: YAMLReader) throws(ConfigurationError) -> ListenAddress {
        guard let address = ListenAddress(try value.nonEmptyString()) else {
            throw value.error("it is not HOST:PORT", "write an address such as 127.0.0.1:8080")
        }
        return address
    }

    private func ledger(_ value: YAMLReader) throws(ConfigurationError) -> LedgerSetting {
        let mapping = try value.mapping(keys: ["file", "durability"])
        var ledger = LedgerSetting()
        ledger.file =
            try mapping["file"].map { value throws(ConfigurationError) in try path(value) }
            ?? path(ledger.file)
        ledger.durability = try mapping["durability"]?.choice(LedgerSetting.Durability.self) ?? .process
        return ledger
    }

    private func engine(_ entry: YAMLMapping.Entry) throws(ConfigurationError) -> EngineSetting {
        let mapping = try entry.value.mapping(keys: ["model", "base_name", "adapters", "threads", "queue"])
        var engine = EngineSetting(
            name: entry.name, model: try path(mapping.required("model", "give the folder of the base model")),
            baseName: try mapping["base_name"]?.nonEmptyString() ?? "\(entry.name)-base")
        for adapter in try mapping["adapters"]?.mapping().entries ?? [] {
            engine.adapters.append((adapter.name, try path(adapter.value)))
        }
        engine.threads = try mapping["threads"]?.int(in: 1...64) ?? engine.threads
        engine.queue = try mapping["queue"]?.int(in: 0...100_000) ?? engine.queue
        return engine
    }

    private func upstream(_ entry: YAMLMapping.Entry) throws(ConfigurationError) -> UpstreamSetting {
        let mapping = try entry.value.mapping(keys: ["base_url", "key", "key_env", "key_file", "model_map"])
        let base = try mapping.required("base_url", "give the API's base URL, with its /v1")
        let url = try base.nonEmptyString()
        guard ["http://", "https://"].contains(where: { url.lowercased().hasPrefix($0) }) else {
            throw base.error("it must start with http:// or https://", "write a URL such as https://api.openai.com/v1")
        }
        var names: [String: String] = [:]
        for name in try mapping["model_map"]?.mapping().entries ?? [] {
            names[name.name] = try name.value.nonEmptyString()
        }
        return UpstreamSetting(name: entry.name, baseURL: url, key: try secret(mapping), modelMap: names)
    }

    private func limits(_ value: YAMLReader) throws(ConfigurationError) -> LimitSettings {
        let mapping = try value.mapping(keys: [
            "body_bytes", "json_depth", "tuned_first_token_seconds", "connect_seconds", "first_byte_seconds",
            "idle_seconds", "total_seconds", "client_idle_seconds", "drain_seconds",
        ])
        var limits = LimitSettings()
        limits.bodyBytes = try mapping["body_bytes"]?.int(in: 1024...(1 << 30)) ?? limits.bodyBytes
        limits.jsonDepth = try mapping["json_depth"]?.int(in: 8...1024) ?? limits.jsonDepth
        func seconds(_ key: String, _ standard: Double) throws(ConfigurationError) -> Double {
            try mapping[key]?.double(in: 0.05...86400) ?? standard
        }
        limits.tunedFirstToken = try seconds("tuned_first_token_seconds", limits.tunedFirstToken)
        limits.connect = try seconds("connect_seconds", limits.connect)
        limits.firstByte = try seconds("first_byte_seconds", limits.firstByte)
        limits.idle = try seconds("idle_seconds", limits.idle)
        limits.total = try seconds("total_seconds", limits.total)
        limits.clientIdle = try seconds("client_idle_seconds", limits.clientIdle)
        limits.drain = try seconds("drain_seconds", limits.drain)
        return limits
    }

    private func tasks(_ value: YAMLReader?, backends: [String]) throws(ConfigurationError) -> [TaskSetting] {
        var tasks: [TaskSetting] = []
        for item in try value?.list() ?? [] {
            let mapping = try item.mapping(keys: ["folder", "mode", "tuned", "full_prompt"])
            let folder = try mapping.required("folder", "give the task's folder")
            var task = TaskSetting(folder: try path(folder))
            if tasks.contains(where: { $0.folder == task.folder }) {
                throw folder.error("another task has the same folder", "remove one of the two")
            }
            if let mode = mapping["mode"] { task.mode = try self.mode(mode) }
            task.tuned = try mapping["tuned"].map { value throws(ConfigurationError) in
                try target(value, backends: backends)
            }
            task.fullPrompt = try mapping["full_prompt"].map { value throws(ConfigurationError) in
                try target(value, backends: backends)
            }
            tasks.append(task)
        }
        return tasks
    }

    private func target(_ value: YAMLReader, backends: [String]) throws(ConfigurationError) -> TaskSetting.Target {
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
