import Gateway
import Logging

/// Tells the operator's log what the gateway reports; never prompt text or keys.
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
}
