import Access
import Configuration
import Server

extension GatewayParts {
    /// Reads the configuration and opens what it names: what a start, a check and a reload have in common.
    ///
    /// - Parameters:
    ///   - former: the parts that are being served, if there are any; their listeners stay as they are.
    /// - Throws: everything that is wrong, at once.
    static func open(
        _ options: ServeOptions, after former: GatewayParts? = nil
    ) throws(ConfigurationError)
        -> GatewayParts
    {
        let findings = ConfigurationFindings()
        let settings = options.settings(findings: findings)
        checkListeners(settings, keys: settings, findings)
        if let former { checkListeners(former.settings, keys: settings, findings) }
        let parts = GatewayParts(settings, after: former, findings: findings)
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
