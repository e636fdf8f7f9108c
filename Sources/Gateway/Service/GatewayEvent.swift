public import Ledger

/// Something the operator's log should tell; never prompt text or secrets.
public enum GatewayEvent: Sendable {
    /// A backend failed, and the full prompt is tried or the client gets an error.
    case backendFailed(requestID: String, task: String?, backend: String, error: BackendError)
    /// An attempt could not be written to the ledger; the client is served nevertheless.
    case ledgerFailed(requestID: String, error: LedgerError)
    /// Mode `audit`: so many tokens of this request would have been taken out.
    case audited(requestID: String, task: String, before: Int, after: Int)
    /// A task never strips: one sentence for each hash that differs, with what to do.
    case manifestDiffers(task: String, problems: [String])
    /// A mode or the kill switch was changed.
    case modeChanged(task: String?, mode: String, by: String)
}
