import Gateway
import Logging
import Server

/// Tells the operator's log what the gateway and its listeners report; never prompt text or keys.
struct EventLog: Sendable {
    let logger: Logger

    func write(_ event: GatewayEvent) {
        switch event {
        case .backendFailed(let id, let task, let backend, let error):
            logger.warning(
                "backend failed",
                metadata: [
                    "id": "\(id)", "task": "\(task ?? "-")", "backend": "\(backend)", "code": "\(error.code.rawValue)",
                    "detail": "\(error.detail)",
                ])
        case .ledgerFailed(let id, let error):
            logger.error("ledger failed", metadata: ["id": "\(id)", "error": "\(error)"])
        case .audited(let id, let task, let before, let after):
            logger.info(
                "audited",
                metadata: ["id": "\(id)", "task": "\(task)", "before": "\(before)", "after": "\(after)"])
        case .manifestDiffers(let task, let problems):
            for problem in problems {
                logger.warning("the task's prompts go in full", metadata: ["task": "\(task)", "why": "\(problem)"])
            }
        case .modeChanged(let task, let mode, let who):
            logger.notice(
                task == nil ? "kill switch changed" : "mode changed",
                metadata: ["task": "\(task ?? "-")", "to": "\(mode)", "by": "\(who)"])
        }
    }
    /// One line for each request.
    func write(_ record: RequestRecord) {
        let level: Logger.Level = record.isHealthCheck ? .debug : .info
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "id": "\(record.id)", "method": "\(record.method)", "path": "\(record.path)",
            "status": "\(record.status)", "ms": "\(Self.milliseconds(record.total))",
        ]
        if record.end != .complete { metadata["end"] = "\(record.end.rawValue)" }
        if let first = record.firstByte { metadata["first_byte_ms"] = "\(Self.milliseconds(first))" }
        for (name, value) in record.decision { metadata[name] = "\(value)" }
        logger.log(level: level, "request", metadata: metadata)
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }
}
