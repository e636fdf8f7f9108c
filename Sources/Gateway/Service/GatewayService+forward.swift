import Access
import ChatAPI
import Experimentation
import Foundation
import Ledger

extension GatewayService {
    /// Forwards any other `/v1/*` request to the default backend as it is, reading usage along.
    public func forward(_ received: Received) async -> ClientReply {
        await forward(received, isInScope: false)
    }

    /// - Parameters:
    ///   - isInScope: whether the scopes of the caller's key were looked at, and allow the request.
    ///   - name: the backend to ask; nil leaves it to the routing.
    func forward(_ received: Received, isInScope: Bool, to name: String? = nil) async -> ClientReply {
        let named = Self.document(in: received).flatMap { document in
            document.model.map { (document: document, name: $0.name) }
        }
        let estimate = Self.countedPaths.contains(received.path) ? (received.body.count + 3) / 4 : 0
        let target =
            name.map { ModelRouting.Target(backend: $0) }
            ?? routing.target(model: named?.name ?? "", task: nil, tokens: estimate)
        guard let target, let backend = backends[target.backend] else {
            let error = APIError.routeNotFoundWithoutUpstream(method: received.method, path: received.path)
            return await refuse(received, error, reason: .forwarded, model: named?.name ?? "")
        }
        var outbound = ForwardedRequest(
            backend: backend, model: named?.name ?? "", body: received.body, estimate: estimate)
        if let model = target.model, let named, model != named.name,
            let body = named.document.replacingModel(with: model)
        {
            (outbound.model, outbound.body) = (model, body)
        }
        if let error = ledgerRefusal {
            return await refuse(received, error, reason: .ledgerFailing, model: outbound.model)
        }
        if let caller = received.caller {
            do throws(AccessRefusal) {
                if !isInScope { try caller.check(model: named?.name ?? "", task: nil) }
                outbound.reservation = try admit(caller, outbound.attempt(received, number: 1), received)
            } catch {
                return refuse(received, error)
            }
        }
        return await send(outbound, received, overhead: log.metrics.dispatched(received.arrival))
    }

    /// Attempt after attempt at the one backend, as its policy allows.
    private func send(_ outbound: ForwardedRequest, _ received: Received, overhead: Duration) async -> ClientReply {
        let deadline = received.deadline
        var retries = Retries(outbound.backend.retry, retryBudget, deadline: deadline)
        var number = 1
        while true {
            let attempt = outbound.attempt(received, number: number)
            var pause: Duration?
            do throws(BackendError) {
                let reply = try await outbound.backend.reply(
                    to: BackendRequest(
                        id: received.id, method: received.method, target: received.target,
                        headers: received.forwardedHeaders(readingAnswer: outbound.tellsUsage), body: outbound.body,
                        model: outbound.model,
                        limits: try BackendRequest.Limits().ending(by: deadline, from: .now),
                        tenant: received.gatewayKey))
                pause = retries.pause(after: reply)
                if pause == nil {
                    var answer = relay(reply, attempt, outbound, received)
                    answer.trace = RequestTrace(attempt, overhead: overhead)
                    return answer
                }
                await log.record(attempt, AttemptEnding(outcome: .failed, status: reply.status, isFinal: false))
            } catch {
                pause = retries.pause(after: error)
                await log.record(attempt, AttemptEnding(error, isFinal: pause == nil))
                if error.code != .cancelled {
                    log.metrics.failed(attempt.backend, error)
                    onEvent(
                        .backendFailed(requestID: received.id, task: nil, backend: attempt.backend, error: error))
                }
                if pause == nil {
                    var answer = ClientReply(
                        error.answer, requestID: received.id, headers: AnswerHeaders.own(attempt, nil))
                    answer.trace = RequestTrace(attempt, overhead: overhead)
                    return answer
                }
            }
            if let pause, pause > .zero { try? await Task.sleep(for: pause) }
            number += 1
        }
    }

    private func relay(
        _ reply: Reply, _ attempt: Attempt, _ outbound: ForwardedRequest, _ received: Received
    ) -> ClientReply {
        let recorder = AnswerRecorder(attempt, reply, log: log, countsAnswer: outbound.estimate > 0)
        var headers = AnswerHeaders.relayed(
            reply.headers, requestID: received.id, hidesRates: attempt.hidesRates)
        AnswerHeaders.add(attempt, nil, to: &headers)
        return ClientReply(
            status: reply.status,
            headers: headers,
            body: Relay.stream(
                reply, recorder, mustEnd: reply.isEventStream && received.path == "/v1/completions", hidesUsage: false))
    }

    /// The paths whose bodies are prompts.
    private static let countedPaths: Set<String> = [
        "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/moderations",
    ]

    /// The body of a POST, if it is a JSON object, whatever its type says: curl calls it a form by default.
    private static func document(in received: Received) -> JSONDocument? {
        guard received.method == "POST", received.body.first(where: { !isBlank($0) }) == UInt8(ascii: "{"),
            !(received.headers.first(named: "content-type").map { FieldName.hasPrefix($0, "multipart/") } ?? false)
        else { return nil }
        return try? JSONDocument(received.body)
    }

    /// JSON's white space.
    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}

/// A request of another path on its way to its backend.
private struct ForwardedRequest {
    let backend: any Backend
    /// The model that is asked; empty if the request names none.
    var model: String
    var body: [UInt8]
    /// The prompt's tokens, estimated; 0 where the path is no model call.
    let estimate: Int
    /// What was set aside for the request.
    var reservation: Reservation?

    /// Whether its answer may tell a usage, which is charged.
    var tellsUsage: Bool { estimate > 0 || !model.isEmpty }

    func attempt(_ received: Received, number: Int) -> Attempt {
        Attempt(
            requestID: received.id, key: received.gatewayKey, arrival: received.arrival,
            time: number == 1 ? received.time : Date(), number: number, task: nil, schemaFingerprint: nil,
            arm: .passthrough, reason: .forwarded,
            backend: backend.name, model: model, fullModel: model, full: .zero,
            sent: SegmentTokens(other: estimate), source: .estimated(estimate > 0 ? "bytes/4" : "not a model call"),
            reservation: reservation)
    }
}
