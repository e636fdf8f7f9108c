import Access
import Configuration
import Server

extension GatewayParts {
    /// Reads the configuration and opens what it names: what a start, a check and a reload have in common.
    ///
    /// - Parameters:
    ///   - former: the parts that are being served, if there are any; their listeners stay as they are.
    ///   - changes: what operators changed since the start; it wins over the configuration.
    /// - Throws: everything that is wrong, at once.
    static func open(
        _ options: ServeOptions, after former: GatewayParts? = nil, changes: [AdapterChange] = []
    ) throws(ConfigurationError) -> GatewayParts {
        let findings = ConfigurationFindings()
        var settings = options.settings(findings: findings)
        for change in changes { settings.apply(change) }
        checkListeners(settings, keys: settings, findings)
        if let former { checkListeners(former.settings, keys: settings, findings) }
        let parts = GatewayParts(settings, after: former, findings: findings)
        try findings.check()
        return parts
    }

    /// These parts with one change of an engine's adapters; the configuration is not read again.
    ///
    /// - Throws: what is wrong with the adapter, and which task would miss it.
    func successor(_ change: AdapterChange) throws(ConfigurationError) -> GatewayParts {
        let findings = ConfigurationFindings()
        var settings = settings
        if change.source != nil, !ModelName.isValid(change.name) {
            findings.add(
                settings.error(at: "engines.\(change.engine).adapters", ModelName.problem, ModelName.advice))
            try findings.check()
        }
        if change.source != nil, let owner = settings.owner(of: change.name, beside: change.engine) {
            findings.add(
                settings.error(
                    at: "engines.\(change.engine).adapters.\(change.name)", "\(owner) has the same name",
                    "give it a name of its own"))
        }
        settings.apply(change)
        for engine in engines where !engine.hasBase(of: engine.setting) {
            findings.add(
                settings.error(
                    at: "engines.\(engine.setting.name).model", "its files changed since they were read",
                    "take them over first, with POST /admin/reload"))
        }
        try findings.check()
        let parts = GatewayParts(settings, after: self, findings: findings)
        try findings.check()
        return parts
    }

    /// Nobody else may reach a listener that asks for no key, neither the one that is meant nor the one that is open.
    private static func checkListeners(
        _ settings: GatewaySettings, keys: GatewaySettings, _ findings: ConfigurationFindings
    ) {
        let main = ListenOptions(settings.listen, settings)
        let admin = ListenOptions(settings.adminListen, settings)
        let ring: KeyRing
        do throws(AccessError) {
            ring = try KeyRing(keys)
        } catch {
            return findings.add(settings.error(at: "keys", error.message))
        }
        do throws(ServerError) {
            try GatewayServer.check(main: main, admin: admin, keys: ring)
        } catch {
            findings.add(settings.error(at: main.isLoopback ? "admin_listen" : "listen", error.message))
        }
        do throws(ServerError) {
            _ = try ListenerTLS(settings.listener.tls)
        } catch {
            findings.add(settings.error(at: "tls", error.message))
        }
    }
}

extension GatewaySettings {
    /// The model or alias beside an engine's own models that has a name.
    fileprivate func owner(of name: String, beside engine: String) -> String? {
        if aliases.contains(where: { $0.name == name }) { return "an alias" }
        return engines.first { other in
            other.name != engine && (other.baseName == name || other.adapters.contains { $0.name == name })
        }.map { "a model of engine '\($0.name)'" }
    }

    /// Adds an adapter to an engine, in the place of one of its name, or removes one; nothing if the engine is gone.
    mutating func apply(_ change: AdapterChange) {
        guard let engine = engines.firstIndex(where: { $0.name == change.engine }) else { return }
        let place = engines[engine].adapters.firstIndex { $0.name == change.name }
        let adapter = change.source.map {
            AdapterSetting(name: change.name, folder: $0.folder, sha256: $0.sha256)
        }
        switch (place, adapter) {
        case (let place?, let adapter?): engines[engine].adapters[place] = adapter
        case (let place?, nil): engines[engine].adapters.remove(at: place)
        case (nil, let adapter?): engines[engine].adapters.append(adapter)
        case (nil, nil): break
        }
    }
}

extension ListenOptions {
    /// What the settings say of a listener at an address.
    init(_ address: ListenAddress, _ settings: GatewaySettings) {
        let (limits, listener) = (settings.limits, settings.listener)
        self.init(
            host: address.host, port: address.port, bodyBytes: limits.bodyBytes, idle: .seconds(limits.clientIdle))
        header = .seconds(listener.header)
        bodyIdle = .seconds(listener.bodyIdle)
        writeIdle = .seconds(listener.writeIdle)
        connections = listener.connections
        requestsInProgress = listener.requestsInProgress
        requestsWaiting = listener.requestsWaiting
        waiting = .seconds(listener.waiting)
        bodyMemory = listener.bodyMemoryBytes
        cors = listener.corsOrigins.map { CORSPolicy(origins: $0) }
    }
}

extension ListenerTLS {
    /// The certificate that the settings name; nil if they name none.
    convenience init?(_ setting: TLSSetting?) throws(ServerError) {
        guard let setting else { return nil }
        try self.init(Files(certificate: setting.certificate, key: setting.key, clientCA: setting.clientCA))
    }
}

extension RequestLog {
    /// The log that the settings ask for; nil if requests have no lines.
    init?(_ settings: LogSettings) {
        guard settings.requests, settings.level == .debug || settings.level == .info else { return nil }
        self.init(
            LogLine.Format(settings), to: .standardError, includesHealth: settings.level == .debug)
    }
}
