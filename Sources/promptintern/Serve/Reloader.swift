import Configuration
import Dispatch
import Engine
import Gateway
import Logging
import Server
import Synchronization
import Telemetry

/// Takes over changed configurations, one after the other; if anything is wrong with one, the old one stays.
final class Reloader: Sendable {
    private struct State {
        var parts: GatewayParts
        /// What operators changed since the start, the last change of each adapter.
        var changes: [AdapterChange] = []
        var last: Task<ReloadReport, Never>?

        mutating func note(_ change: AdapterChange) {
            changes.removeAll { $0.engine == change.engine && $0.name == change.name }
            changes.append(change)
        }
    }

    private let options: ServeOptions
    /// What the process was started with; some of it holds until its end.
    private let started: GatewaySettings
    private let live: LiveGateway
    private let logger: Logger
    /// Takes over what belongs neither to the service nor to the listeners, once the new configuration is in force.
    private let adopt: @Sendable (GatewaySettings) async -> Void
    private let results: CounterFamily
    private let state: Mutex<State>

    init(
        _ options: ServeOptions, parts: GatewayParts, live: LiveGateway, logger: Logger, page: MetricsPage,
        adopt: @escaping @Sendable (GatewaySettings) async -> Void = { _ in }
    ) {
        self.options = options
        self.live = live
        self.logger = logger
        self.adopt = adopt
        started = parts.settings
        state = Mutex(State(parts: parts))
        results = page.counters(
            "pi_config_reload_total", "Attempts to take over a changed configuration.", labels: ["result"], limit: 2,
            known: [Labels("ok"), Labels("error")])
    }

    /// The parts in force.
    var parts: GatewayParts { state.withLock { $0.parts } }

    /// Reads the configuration again, after those that asked before.
    ///
    /// Requests that begin after it returned are served by the new configuration; those under way end on the old one.
    func reload(by who: String) async -> ReloadReport {
        await enqueue(who) { [options] former, changes throws(ConfigurationError) in
            try GatewayParts.open(options, after: former, changes: changes)
        }
    }

    /// Loads, swaps or unloads an adapter, over the base that is in memory; the same holds for requests as for
    /// `reload`.
    ///
    /// The change lasts until the process ends, over reloads too.
    func change(_ change: AdapterChange, by who: String) async -> ReloadReport {
        await enqueue(who, change) { former, _ throws(ConfigurationError) in try former.successor(change) }
    }

    /// Makes the next parts from the former ones and the operators' changes.
    private typealias Succession =
        @Sendable (_ former: GatewayParts, _ changes: [AdapterChange]) throws(ConfigurationError) -> GatewayParts

    /// Does one thing after the other.
    private func enqueue(
        _ who: String, _ change: AdapterChange? = nil, _ next: @escaping Succession
    ) async -> ReloadReport {
        let task = state.withLock { state in
            let before = state.last
            let task = Task {
                _ = await before?.value
                return await takeOver(by: who, change, next)
            }
            state.last = task
            return task
        }
        return await task.value
    }

    private func takeOver(
        by who: String, _ change: AdapterChange?, _ succession: @escaping Succession
    ) async -> ReloadReport {
        let (former, changes) = state.withLock { ($0.parts, $0.changes) }
        do {
            let next = try await Self.open { () throws(ConfigurationError) in try succession(former, changes) }.get()
            let service = try await GatewayService(next.configuration, backends: next.backends, after: live.current)
            live.replace(with: service)
            state.withLock { state in
                state.parts = next
                if let change { state.note(change) }
            }
            tellChanges(change, lasting: changes)
            await adopt(next.settings)
            let kept = next.engines.count { engine in
                former.engines.contains { $0.service.sharesBase(with: engine.service) }
            }
            logger.notice(
                "configuration taken over",
                metadata: [
                    "by": "\(who)", "engines_kept": "\(kept)", "engines_loaded": "\(next.engines.count - kept)",
                ])
            tellPackedFiles(
                next.engines.filter { engine in
                    !former.engines.contains { $0.service.sharesBase(with: engine.service) }
                })
            return tell(.takenOver(restartRequired: restartRequired(next.settings)), by: who)
        } catch let error as ConfigurationError {
            return tell(.refused(error.all.map(ReloadReport.Problem.init)), by: who)
        } catch {
            let file = former.settings.file ?? "the configuration"
            return tell(.refused([.init(file: file, message: "\(error)")]), by: who)
        }
    }

    /// Tells what an operator changed, or which changes still hold over a configuration that was read again.
    private func tellChanges(_ change: AdapterChange?, lasting: [AdapterChange]) {
        if let change {
            logger.notice(
                "adapter changed",
                metadata: [
                    "engine": "\(change.engine)", "adapter": "\(change.name)",
                    "folder": "\(change.source?.folder ?? "unloaded")",
                ])
        } else if !lasting.isEmpty {
            logger.notice(
                "changes of adapters by operators hold over the configuration",
                metadata: ["adapters": "\(lasting.map { "\($0.engine)/\($0.name)" }.joined(separator: ", "))"])
        }
    }

    /// Tells which of the processor's instruction sets are not used, and why.
    func tellLeftOut() {
        let names = ProductTable.leftOut.map { "\($0) products" } + KernelTable.leftOut.map { "\($0) kernels" }
        guard !names.isEmpty else { return }
        logger.warning(
            "instructions left out: they compute something else than the portable ones",
            metadata: ["instructions": "\(names.joined(separator: ", "))"])
    }

    /// Tells what keeps weights from being prepared.
    func tellPackedFiles(_ engines: [LoadedEngine]) {
        for engine in engines {
            guard let problem = engine.model.packedFile?.problem else { continue }
            logger.warning(
                "packed weights", metadata: ["engine": "\(engine.setting.name)", "problem": "\(problem)"])
        }
    }

    /// Reads files and loads models on a thread that may block.
    private static func open(
        _ body: @escaping @Sendable () throws(ConfigurationError) -> GatewayParts
    ) async -> Result<GatewayParts, ConfigurationError> {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                do throws(ConfigurationError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
    }

    /// What is different from the start and belongs to the process.
    private func restartRequired(_ new: GatewaySettings) -> [String] {
        let settings: [(key: String, isSame: Bool)] = [
            ("listen", new.listen == started.listen), ("admin_listen", new.adminListen == started.adminListen),
            ("keys.file", new.keysFile == started.keysFile),
            ("ledger.file", new.ledger.file == started.ledger.file),
            ("ledger.durability", new.ledger.durability == started.ledger.durability),
            ("limits.body_bytes", new.limits.bodyBytes == started.limits.bodyBytes),
            ("limits.client_idle_seconds", new.limits.clientIdle == started.limits.clientIdle),
            ("limits.drain_seconds", new.limits.drain == started.limits.drain),
            ("threads", new.listener.threads == started.listener.threads),
            ("tls", new.listener.tls == started.listener.tls),
            ("cors", new.listener.corsOrigins == started.listener.corsOrigins),
            ("log", new.listener.log == started.listener.log),
            ("limits.header_seconds", new.listener.header == started.listener.header),
            ("limits.body_idle_seconds", new.listener.bodyIdle == started.listener.bodyIdle),
            ("limits.write_idle_seconds", new.listener.writeIdle == started.listener.writeIdle),
            ("limits.connections", new.listener.connections == started.listener.connections),
            ("limits.requests_in_progress", new.listener.requestsInProgress == started.listener.requestsInProgress),
            ("limits.requests_waiting", new.listener.requestsWaiting == started.listener.requestsWaiting),
            ("limits.body_memory_bytes", new.listener.bodyMemoryBytes == started.listener.bodyMemoryBytes),
            ("limits.waiting_seconds", new.listener.waiting == started.listener.waiting),
        ]
        return settings.filter { !$0.isSame }.map(\.key)
    }

    private func tell(_ report: ReloadReport, by who: String) -> ReloadReport {
        results.add(1, Labels(report.result))
        for error in report.errors {
            logger.error("configuration refused", metadata: ["by": "\(who)", "error": "\(error.message)"])
        }
        for key in report.restartRequired {
            logger.warning("a changed setting takes effect only with a restart", metadata: ["key": "\(key)"])
        }
        return report
    }
}

extension ReloadReport.Problem {
    init(_ error: ConfigurationError) {
        self.init(file: error.file, line: error.line, key: error.key, message: "\(error)")
    }
}
