import Access
import Configuration
import Engine
import Foundation
import Gateway
import Ledger
import Logging
import Server
import Telemetry

/// One run of the gateway, from its options to its end. It owns everything that has to be closed.
struct Serving {
    let options: ServeOptions

    func run() async throws {
        // A reload that is asked for too early is none, and no end.
        signal(SIGHUP, SIG_IGN)
        let parts = try GatewayParts.open(options)
        FileDescriptors.reserve(FileDescriptors.needed(for: parts.settings.listener.connections))
        let log = parts.settings.listener.log
        LoggingSystem.bootstrap { _ in LineLogHandler(log) }
        let logger = Logger(label: "promptintern")
        let ledger = try openLedger(parts.settings.ledger)
        let reloader: Reloader
        do {
            let gateway = try await service(parts, ledger, logger)
            let keys = gateway.keys
            let tls = try ListenerTLS(parts.settings.listener.tls)
            reloader = Reloader(
                options, parts: parts, live: gateway.live, logger: logger, page: gateway.page,
                adopt: { settings in
                    await keys.replace(fixed: StaticKey.all(settings.clientKeys))
                    Self.renew(tls, logger)
                })
            reloader.tellPackedFiles(parts.engines)
            if !parts.engines.isEmpty { reloader.tellLeftOut() }
            try await serve(gateway, reloader, ledger, tls, logger: logger)
        } catch {
            await close(parts, ledger)
            throw error
        }
        await close(reloader.parts, ledger)
        logger.info("stopped")
        LogWriter.standardError.flush()
    }

    /// Reads the listener's certificate again; the old one stays if that fails.
    private static func renew(_ tls: ListenerTLS?, _ logger: Logger) {
        do {
            try tls?.reload()
        } catch {
            logger.error("certificate refused", metadata: ["error": "\(error)"])
        }
    }

    private struct Gateway {
        let live: LiveGateway
        let keys: KeyRing
        let page: MetricsPage
    }

    private func service(_ parts: GatewayParts, _ ledger: LedgerStore, _ logger: Logger) async throws -> Gateway {
        let events = EventLog(logger: logger)
        let metrics = GatewayMetrics()
        let service = try await GatewayService(
            parts.configuration, backends: parts.backends, ledger: ledger, metrics: metrics,
            onEvent: { events.write($0) })
        let keys = try KeyRing(parts.settings, onEvent: { events.write($0) })
        try keys.start(spentIn: ledger)
        return Gateway(live: LiveGateway(service), keys: keys, page: metrics.page)
    }

    private func serve(
        _ gateway: Gateway, _ reloader: Reloader, _ ledger: LedgerStore, _ tls: ListenerTLS?, logger: Logger
    ) async throws {
        let parts = reloader.parts
        let settings = parts.settings
        let keys = gateway.keys
        let page = gateway.page
        let requests = RequestLog(settings.listener.log)
        let counts = RequestMetrics(page: page)
        QueueMetrics.add(to: page, reloader: reloader, ledger: ledger)
        ProcessMetrics.add(to: page)
        let report = StartReport(
            settings: settings, parts: parts, gateway: gateway.live.current, hasKeys: keys.isRequired)
        var main = ListenOptions(settings.listen, settings)
        main.tls = tls
        var admin = ListenOptions(settings.adminListen, settings)
        // No web page is an operator.
        admin.cors = nil
        let server = try GatewayServer(
            gateway.live, main: main, admin: admin, keys: keys, loops: parts.loops,
            drain: .seconds(settings.limits.drain),
            onListening: { main, admin in show(report.text(main: main, admin: admin)) },
            onRequest: { record in
                counts.write(record)
                requests?.write(record)
            },
            actions: AdminActions(
                metrics: { page.text }, reload: { await reloader.reload(by: "admin") },
                engines: EngineActions(
                    list: { reloader.parts.engines.map { $0.status } },
                    change: { await reloader.change($0, by: "admin") })))
        QueueMetrics.add(to: page, load: server.load)
        try await serve(server, reloader, logger: logger)
    }

    private func serve(_ server: GatewayServer, _ reloader: Reloader, logger: Logger) async throws {
        let signals = StopSignals {
            logger.info("stopping: requests under way are finished first; another signal ends them")
            await server.stop()
        }
        let hangup = HangupSignal { _ = await reloader.reload(by: "SIGHUP") }
        defer {
            signals.ignore()
            hangup.ignore()
        }
        do {
            try await server.run()
        } catch is CancellationError {
            logger.warning("stopped before every request was finished: the time to finish them was over")
        }
    }

    private func openLedger(_ setting: LedgerSetting) throws -> LedgerStore {
        let folder = (setting.file as NSString).deletingLastPathComponent
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
            switch setting.durability {
            case .process: .process
            case .power: .power
            }
        return try LedgerStore(path: setting.file, options: LedgerOptions(durability: durability))
    }

    private func close(_ parts: GatewayParts, _ ledger: LedgerStore) async {
        parts.close()
        await ledger.close()
        LogWriter.standardError.flush()
    }
}
