import Configuration
import Engine
import Foundation
import Gateway
import Ledger
import Logging
import Server

/// One run of the gateway, from its settings to its end. It owns everything that has to be closed.
struct Serving {
    let settings: GatewaySettings

    func run() async throws {
        LoggingSystem.bootstrap { _ in LineLogHandler() }
        let logger = Logger(label: "promptintern")
        let main = ListenOptions(settings.listen, settings.limits)
        let admin = ListenOptions(settings.adminListen, settings.limits)
        let keys = try ClientKeys(settings.clientKeys)
        try GatewayServer.check(main: main, admin: admin, keys: keys)
        let parts = try GatewayParts(settings)
        let ledger = try openLedger()
        do {
            let events = EventLog(logger: logger)
            let requests = RequestLog(.line, to: .standardError)
            let gateway = try await GatewayService(
                parts.configuration, backends: parts.backends, ledger: ledger, onEvent: { events.write($0) })
            let report = StartReport(settings: settings, parts: parts, gateway: gateway, hasKeys: !keys.isEmpty)
            let server = try GatewayServer(
                LiveGateway(gateway), main: main, admin: admin, keys: keys, drain: .seconds(settings.limits.drain),
                onListening: { main, admin in show(report.text(main: main, admin: admin)) },
                onRequest: { requests.write($0) })
            try await serve(server, logger: logger)
        } catch {
            await close(parts, ledger)
            throw error
        }
        await close(parts, ledger)
        logger.info("stopped")
    }

    private func serve(_ server: GatewayServer, logger: Logger) async throws {
        let signals = StopSignals {
            logger.info("stopping: requests under way are finished first; another signal ends them")
            await server.stop()
        }
        defer { signals.ignore() }
        do {
            try await server.run()
        } catch is CancellationError {
            logger.warning("stopped before every request was finished: the time to finish them was over")
        }
    }

    private func openLedger() throws -> LedgerStore {
        let folder = (settings.ledger.file as NSString).deletingLastPathComponent
        if !folder.isEmpty {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw Failure(
                    "cannot make the ledger's folder \(folder): \(error.localizedDescription) "
                        + "Make it, or choose another place with --ledger FILE.")
            }
        }
        let durability: LedgerOptions.Durability =
            switch settings.ledger.durability {
            case .process: .process
            case .power: .power
            }
        return try LedgerStore(path: settings.ledger.file, options: LedgerOptions(durability: durability))
    }

    private func close(_ parts: GatewayParts, _ ledger: LedgerStore) async {
        parts.close()
        await ledger.close()
        LogWriter.standardError.flush()
    }
}

extension ListenOptions {
    init(_ address: ListenAddress, _ limits: LimitSettings) {
        self.init(
            host: address.host, port: address.port, bodyBytes: limits.bodyBytes, idle: .seconds(limits.clientIdle))
    }
}

extension ClientKeys {
    init(_ settings: [ClientKeySetting]) throws {
        self.init()
        for setting in settings {
            switch setting {
            case .key(let secret): accept(key: secret.value)
            case .sha256(let hash):
                guard accept(sha256: hash) else {
                    throw Failure("a client key's sha256 has to be 64 hexadecimal digits")
                }
            }
        }
    }
}
