import ChatAPI
import Experimentation
import Ledger

extension GatewayService {
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
