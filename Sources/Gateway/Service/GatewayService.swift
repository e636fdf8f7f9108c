public import Experimentation
public import Foundation
public import Ledger

/// The gateway without its listeners: takes requests as values and gives answers as values.
///
/// It owns no thread and starts no task of its own, except to write down answers that were abandoned.
public final class GatewayService: Sendable {
    /// The tasks.
    public let registry: TaskRegistry
    let configuration: GatewayConfiguration
    let backends: BackendTable
    let routing: ModelRouting
    let retryBudget = RetryBudget()
    let board: ModeBoard
    let log: AttemptLog
    let onEvent: @Sendable (GatewayEvent) -> Void
    private let ledger: LedgerStore

    /// Starts serving: checks the configuration, and takes the modes from the ledger's history.
    ///
    /// - Parameters:
    ///   - metrics: what is counted, for this service and those that take over from it.
    ///   - onEvent: what the operator's log should tell; called from any thread, must not block.
    /// - Throws: `GatewayError` if the configuration contradicts itself, `LedgerError` if the history cannot be read.
    public init(
        _ configuration: GatewayConfiguration, backends: [any Backend], ledger: LedgerStore,
        metrics: GatewayMetrics = GatewayMetrics(), onEvent: @escaping @Sendable (GatewayEvent) -> Void = { _ in }
    ) async throws {
        self.configuration = configuration
        self.ledger = ledger
        self.onEvent = onEvent
        registry = try TaskRegistry(configuration.tasks)
        routing = ModelRouting(configuration)
        self.backends = try BackendTable(backends, for: configuration)
        board = try await ModeBoard(
            ledger: ledger, tasks: configuration.tasks, killSwitch: configuration.killSwitch)
        log = AttemptLog(ledger: ledger, prices: configuration.prices, metrics: metrics, onEvent: onEvent)
        tellDifferences()
    }

    /// The service that takes over from another one with a changed configuration: what happens to the process, such as
    /// its ledger and the modes set at run time, is shared; what the configuration says is its own.
    ///
    /// The configuration's own modes are in force when it returns. Requests of the other service go on undisturbed.
    ///
    /// - Throws: `GatewayError` if the configuration contradicts itself, `LedgerError` if a changed mode cannot be
    ///   written down; nothing has changed then.
    public init(
        _ configuration: GatewayConfiguration, backends: [any Backend], after former: GatewayService
    )
        async throws
    {
        self.configuration = configuration
        ledger = former.ledger
        onEvent = former.onEvent
        board = former.board
        registry = try TaskRegistry(configuration.tasks)
        routing = ModelRouting(configuration)
        self.backends = try BackendTable(backends, for: configuration)
        log = AttemptLog(former.log, prices: configuration.prices)
        try await board.adopt(configuration.tasks, killSwitch: configuration.killSwitch)
        tellDifferences()
    }

    private func tellDifferences() {
        for task in configuration.tasks {
            if case .differs(let problems) = task.manifest {
                onEvent(.manifestDiffers(task: task.name, problems: problems))
            }
        }
    }

    /// The flags in force.
    public var flags: Flags { board.current }

    /// The tasks as `GET /admin/tasks` shows them.
    public func tasks() -> [TaskStatus] {
        let flags = board.current
        return registry.tasks.map { TaskStatus($0, flags) }
    }

    /// Sets a task's mode at once and for good; throws `unknownTask`, or `notPersisted` if a restart will forget it.
    public func setMode(_ mode: Mode, of task: String, by who: String) async throws(GatewayError) -> TaskStatus {
        guard let entry = registry[task] else {
            let known = registry.tasks.map(\.name).joined(separator: ", ")
            throw GatewayError(
                .unknownTask, "there is no task \"\(task.prefix(64))\": the tasks are \(known.isEmpty ? "none" : known)"
            )
        }
        let isPersisted = await board.set(.task(task), mode.text, by: who)
        onEvent(.modeChanged(task: task, mode: mode.text, by: who))
        guard isPersisted else { throw Self.notPersisted("the mode of task \"\(task)\" is \(mode.text)") }
        return TaskStatus(entry, board.current)
    }

    /// Sets the kill switch at once and for good; throws `notPersisted` if a restart will forget it.
    public func setKillSwitch(_ isOn: Bool, by who: String) async throws(GatewayError) {
        let text = isOn ? "on" : "off"
        let isPersisted = await board.set(.killSwitch, text, by: who)
        onEvent(.modeChanged(task: nil, mode: text, by: who))
        guard isPersisted else { throw Self.notPersisted("the kill switch is \(text)") }
    }

    /// The savings report, from the rollups.
    public func savings(_ query: SavingsQuery = .all) async throws(LedgerError) -> SavingsReport {
        try await ledger.savings(query)
    }

    /// What one caller key used and cost, by day.
    public func usage(ofKey key: String, from: Date) async throws(LedgerError) -> [KeyUsage] {
        try await ledger.keyUsage(of: key, from: from)
    }

    /// The latest mode changes, newest first.
    public func modeChanges(limit: Int = 100) async throws(LedgerError) -> [ModeChange] {
        try await ledger.modeChanges(limit: limit)
    }

    /// Whether requests can be served and accounted for; calls no model.
    public var health: GatewayHealth {
        var problems: [String] = []
        if let failure = ledger.health.currentFailure { problems.append("the ledger cannot be written: \(failure)") }
        if log.isClosed { problems.append("the ledger is closed: the gateway is stopping") }
        if backends.isEmpty {
            problems.append("no backend is configured: give an upstream with --upstream, or a configuration file")
        }
        return GatewayHealth(isReady: problems.isEmpty, problems: problems, ledgerErrors: log.failureCount)
    }

    private static func notPersisted(_ what: String) -> GatewayError {
        GatewayError(
            .notPersisted,
            "\(what) from now on, but the ledger cannot be written, so a restart forgets it: "
                + "see GET /health/ready")
    }
}
