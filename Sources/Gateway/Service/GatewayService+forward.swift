import ChatAPI
import Experimentation
import Ledger

extension GatewayService {
    /// Forwards any other `/v1/*` request to the default backend as it is, reading usage along.
    public func forward(_ received: Received) async -> ClientReply {
        let model = Self.model(in: received)
        guard let backend = configuration.defaultBackend.flatMap({ backends[$0] }) else {
            let error = APIError.routeNotFoundWithoutUpstream(method: received.method, path: received.path)
            return await refuse(received, error, reason: .forwarded, model: model)
        }
        let path = received.path
        let isCounted = Self.countedPaths.contains(path)
        let estimate = isCounted ? (received.body.count + 3) / 4 : 0
        let attempt = Attempt(
            requestID: received.id, key: received.gatewayKey, arrival: received.arrival, time: received.time, number: 1,
            task: nil,
            schemaFingerprint: nil, arm: .passthrough, reason: .forwarded, backend: backend.name, model: model,
            fullModel: model, full: .zero, sent: SegmentTokens(other: estimate),
            source: .estimated(estimate > 0 ? "bytes/4" : "not a model call"))
        log.metrics.dispatched(received.arrival)
        do throws(BackendError) {
            let reply = try await backend.reply(
                to: BackendRequest(
                    id: received.id, method: received.method, target: received.target,
                    headers: received.forwardedHeaders(readingAnswer: isCounted), body: received.body, model: model))
            let recorder = AnswerRecorder(attempt, reply, log: log, countsAnswer: estimate > 0)
            return ClientReply(
                status: reply.status,
                headers: AnswerHeaders.relayed(reply.headers, requestID: received.id)
                    + AnswerHeaders.own(attempt, nil),
                body: Relay.stream(reply, recorder, mustEnd: path == "/v1/completions", hidesUsage: false))
        } catch {
            await log.record(attempt, AttemptEnding(error, isFinal: true))
            if error.code != .cancelled {
                onEvent(
                    .backendFailed(requestID: received.id, task: nil, backend: backend.name, error: error))
            }
            return ClientReply(error.answer, requestID: received.id, headers: AnswerHeaders.own(attempt, nil))
        }
    }

    /// The paths whose bodies are prompts.
    private static let countedPaths: Set<String> = [
        "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/moderations",
    ]

    /// The model that a JSON body names; empty if it names none.
    private static func model(in received: Received) -> String {
        guard received.method == "POST",
            received.headers.first(named: "content-type")?.lowercased().contains("json") ?? true,
            let document = try? JSONDocument(received.body), let name = document.root["model"]?.string?.text
        else { return "" }
        return name
    }
}
