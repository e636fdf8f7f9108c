import Access
import ChatAPI
import Experimentation
import Foundation
import Ledger
import PromptSchema

extension GatewayService {
    /// Answers `POST /v1/chat/completions`.
    ///
    /// Every way this can end leaves one row per attempt in the ledger, written before the client has the last byte.
    public func chat(_ received: Received) async -> ClientReply {
        let request: ChatRequest
        do throws(RequestError) {
            request = try ChatRequest(received.body, limits: configuration.jsonLimits)
        } catch {
            return await refuse(received, APIError(error), reason: .invalidRequest)
        }
        if let error = ledgerRefusal {
            return await refuse(received, error, reason: .ledgerFailing, model: request.model)
        }
        let recognized = registry.recognize(request)
        let tuned = recognized.task?.tuned.flatMap { backends[$0.backend] }
        let decided = DecidedRequest(
            recognized, flags: board.current, bypass: received.isBypassed, stickyKey: stickyKey(received, request),
            tuned: tuned)
        if let caller = received.caller {
            let task = recognized.prompt == nil ? nil : recognized.task?.name
            do throws(AccessRefusal) {
                try caller.check(model: request.model, task: task)
            } catch {
                return refuse(received, error)
            }
        }
        if decided.decision.reason == .audit, let task = recognized.task, let stripped = decided.stripped {
            onEvent(
                .audited(
                    requestID: received.id, task: task.name, before: decided.full.total,
                    after: stripped.tokens.total))
        }
        return await answer(received, decided)
    }

    private func stickyKey(_ received: Received, _ request: ChatRequest) -> StickyKey {
        StickyKey(
            header: received.headers.first(named: configuration.stickyHeader), user: request.user,
            apiKey: received.gatewayKey ?? received.headers.first(named: "authorization"), requestID: received.id)
    }

    /// Attempt after attempt, until one gives an answer or nobody is left to ask.
    private func answer(_ received: Received, _ decided: DecidedRequest) async -> ClientReply {
        var machine = FallbackMachine(decided.decision)
        var action = machine.begin()
        if case .askTuned = action, let breaker = decided.recognized.task?.breaker, breaker.admit() != .allowed {
            action = machine.attemptFailed(.unavailable)
        }
        let deadline = received.deadline
        var retries: Retries?
        var number = 1
        var reservation: Reservation?
        var overhead = Duration.zero
        while true {
            let arm: Arm
            let outbound: Outbound?
            let why: Reason
            switch action {
            case .askTuned(let reason):
                (arm, outbound, why) = (.internalized, tunedOutbound(decided), reason)
            case .askFull(let reason):
                arm = decided.decision.arm == .passthrough ? .passthrough : .fullPrompt
                (outbound, why) = (fullOutbound(decided), reason)
            case .relay, .fail:
                return await refuse(received, .internalError, reason: decided.decision.reason)
            }
            guard let outbound else {
                let model = decided.recognized.request.model
                return await refuse(received, .modelNotFoundWithoutUpstream(model), reason: why, model: model)
            }
            var attempt = attempt(received, decided, outbound, number: number, arm: arm, reason: why)
            if number == 1, let caller = received.caller, caller.isLimited {
                do throws(AccessRefusal) {
                    reservation = try reserve(caller, attempt, received, completion: completion(decided))
                } catch {
                    if arm == .internalized { decided.recognized.task?.breaker.left() }
                    return refuse(received, error)
                }
            }
            attempt.reservation = reservation
            if number == 1 { overhead = log.metrics.dispatched(received.arrival) }
            if arm != .internalized, retries == nil {
                retries = Retries(outbound.backend.retry, retryBudget, deadline: deadline)
            }
            do throws(BackendError) {
                let reply = try await ask(outbound, received, decided, arm, deadline)
                if let pause = retries?.pause(after: reply) {
                    await log.record(
                        attempt, AttemptEnding(outcome: .failed, status: reply.status, isFinal: false))
                    try? await Task.sleep(for: pause)
                } else {
                    _ = machine.answerBegan()
                    if arm == .internalized { decided.recognized.task?.breaker.succeeded() }
                    var answer = relay(reply, attempt, outbound, received, decided)
                    answer.trace = RequestTrace(attempt, overhead: overhead)
                    return answer
                }
            } catch {
                if arm == .internalized { decided.recognized.task?.breaker.note(error) }
                let pause = retries?.pause(after: error)
                if pause == nil { action = machine.attemptFailed(error.code) }
                let refusal = fallbackRefusal(received, arm, error)
                let isFinal = action == .fail || refusal != nil
                await log.record(attempt, AttemptEnding(error, isFinal: isFinal))
                let event = GatewayEvent.backendFailed(
                    requestID: received.id, task: attempt.task, backend: attempt.backend, error: error)
                if error.code != .cancelled {
                    log.metrics.failed(attempt.backend, error)
                    onEvent(event)
                }
                if let refusal {
                    var answer = refuse(received, refusal)
                    answer.trace = RequestTrace(attempt, overhead: overhead)
                    return answer
                }
                if isFinal {
                    var answer = ClientReply(
                        error.answer, requestID: received.id, headers: AnswerHeaders.own(attempt, decided))
                    answer.trace = RequestTrace(attempt, overhead: overhead)
                    return answer
                }
                if let pause, pause > .zero { try? await Task.sleep(for: pause) }
            }
            number += 1
        }
    }

    /// Set if the tuned model refused a request for its own sake, and its key has had its share of those.
    private func fallbackRefusal(_ received: Received, _ arm: Arm, _ error: BackendError) -> AccessRefusal? {
        guard arm == .internalized, error.isRequestsOwn, let caller = received.caller else { return nil }
        do throws(AccessRefusal) {
            try caller.fallBack()
            return nil
        } catch {
            return error
        }
    }

    private func tunedOutbound(_ decided: DecidedRequest) -> Outbound? {
        guard let tuned = decided.recognized.task?.tuned, let backend = backends[tuned.backend] else { return nil }
        return decided.tunedOutbound(backend, tuned)
    }

    private func fullOutbound(_ decided: DecidedRequest) -> Outbound? {
        let recognized = decided.recognized
        guard
            let target = routing.target(
                model: recognized.request.model, task: recognized.task, tokens: decided.full.total),
            let backend = backends[target.backend]
        else { return nil }
        return decided.fullOutbound(backend, model: target.model, asksForUsage: configuration.addsStreamUsage)
    }

    private func attempt(
        _ received: Received, _ decided: DecidedRequest, _ outbound: Outbound, number: Int, arm: Arm, reason: Reason
    ) -> Attempt {
        let task = decided.recognized.task
        return Attempt(
            requestID: received.id, key: received.gatewayKey, arrival: received.arrival,
            time: number == 1 ? received.time : Date(), number: number, task: task?.name,
            schemaFingerprint: decided.recognized.prompt?.fingerprint, arm: arm, reason: reason,
            backend: outbound.backend.name, model: outbound.model,
            fullModel: arm == .internalized
                ? task?.full.model ?? decided.recognized.request.model : outbound.model,
            full: decided.full, sent: outbound.tokens, source: decided.source)
    }

    /// The backend's answer; one of the tuned model is an answer only once its first text, or all of it, is there.
    private func ask(
        _ outbound: Outbound, _ received: Received, _ decided: DecidedRequest, _ arm: Arm,
        _ deadline: ContinuousClock.Instant?
    ) async throws(BackendError) -> Reply {
        let start = ContinuousClock.now
        let limits = try outbound.limits.ending(by: deadline, from: start)
        let request = decided.recognized.request
        let reply = try await outbound.backend.reply(
            to: BackendRequest(
                id: received.id, method: received.method, target: received.target,
                headers: received.forwardedHeaders(readingAnswer: true), body: outbound.body, model: outbound.model,
                chat: .init(
                    request: request, stripped: outbound.stripped,
                    operatorText: outbound.stripped == nil ? decided.recognized.operatorText : [],
                    answer: arm == .internalized ? decided.recognized.task?.schema.answer : nil),
                limits: limits, tenant: received.gatewayKey))
        guard arm == .internalized else { return reply }
        // An engine keeps the limit itself.
        guard reply.isEventStream, reply.counted == nil, let limit = limits.firstByte else {
            return try await TunedAnswer.confirm(reply)
        }
        return try await FirstTextDeadline.confirm(reply, by: start + limit)
    }

    private func relay(
        _ reply: Reply, _ attempt: Attempt, _ outbound: Outbound, _ received: Received, _ decided: DecidedRequest
    ) -> ClientReply {
        let recorder = AnswerRecorder(attempt, reply, log: log)
        let isStream = reply.isEventStream
        let body = Relay.stream(
            reply, recorder, mustEnd: isStream, hidesUsage: isStream && outbound.hidesUsage && !reply.isEncoded)
        var headers = AnswerHeaders.relayed(
            reply.headers, requestID: received.id, hidesRates: attempt.hidesRates)
        AnswerHeaders.add(attempt, decided, to: &headers)
        return ClientReply(
            status: reply.status,
            headers: headers,
            body: body)
    }
}

extension AttemptEnding {
    /// The ending of an attempt without an answer.
    init(_ error: BackendError, isFinal: Bool) {
        self.init(
            outcome: error.code == .cancelled ? .aborted : .failed, status: error.status, isFinal: isFinal,
            wasSent: error.wasSent, failure: error.cause)
    }
}

extension CircuitBreaker {
    /// Notes a failed attempt; a request that the model cannot take says nothing about the model.
    func note(_ error: BackendError) {
        switch error.code {
        case .cancelled, .deadline, .overflow, .unavailable: left()
        case _ where error.isRequestsOwn: left()
        default: failed()
        }
    }
}

extension BackendRequest.Limits {
    /// The same limits, ending by a deadline if there is one; throws if that has passed.
    func ending(
        by deadline: ContinuousClock.Instant?, from now: ContinuousClock.Instant
    ) throws(BackendError) -> Self {
        guard let deadline else { return self }
        guard deadline > now else {
            throw BackendError(
                .deadline, wasSent: false, answer: .upstreamTimeout("The request's own time limit has passed."))
        }
        var limits = self
        limits.total = min(total ?? .seconds(86400), deadline - now)
        return limits
    }
}

extension BackendError {
    /// Whether the model refused this request for what it is, and would take others.
    var isRequestsOwn: Bool {
        code == .refused && [400, 413, 422].contains(status > 0 ? status : answer.status)
    }

    /// What the ledger says went wrong; a client that leaves is no fault.
    var cause: String? { code == .cancelled ? nil : code.rawValue }
}
