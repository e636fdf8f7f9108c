import ChatAPI
import Experimentation
import Ledger

extension GatewayService {
    /// Why no request is answered now: its row could not be written, and the configuration wants no answer without.
    var ledgerRefusal: APIError? {
        guard configuration.rejectsWithoutLedger, !log.isWritable else { return nil }
        return .overloaded("The gateway cannot write its ledger, and is configured to answer nothing without.")
    }

    /// An error for a request that no backend was asked about; it has a row too.
    func refuse(_ received: Received, _ error: APIError, reason: Reason, model: String = "") async -> ClientReply {
        let attempt = Attempt(
            requestID: received.id, key: received.gatewayKey, arrival: received.arrival, time: received.time, number: 1,
            task: nil,
            schemaFingerprint: nil, arm: .passthrough, reason: reason, backend: "", model: model, fullModel: model,
            full: .zero, sent: .zero, source: .estimated("not sent"))
        await log.record(
            attempt, AttemptEnding(outcome: .failed, status: error.status, wasSent: false))
        return ClientReply(error, requestID: received.id, headers: AnswerHeaders.own(attempt, nil))
    }
}
