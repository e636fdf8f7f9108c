import Access
import ChatAPI
import Ledger

extension GatewayService {
    /// Sets aside what the attempt, and the full prompt that may have to follow it, can come to.
    ///
    /// - Parameter completion: tokens of the answer at most, or an assumption.
    func reserve(
        _ caller: Caller, _ attempt: Attempt, _ received: Received, completion: Int
    ) throws(AccessRefusal) -> Reservation? {
        var prompt = max(attempt.full.total, attempt.sent.total)
        // An estimate sees the messages' text alone: for tools, images and the like their bytes stand, up to a limit.
        if attempt.source != .counted {
            prompt = max(prompt, min((received.body.count + 3) / 4, prompt + Self.uncountedLimit))
        }
        return try caller.reserve(
            tokens: prompt + completion, cost: cost(attempt, prompt: prompt, completion: completion))
    }

    /// Looks at the limits of a caller whose request is forwarded.
    func admit(_ caller: Caller, _ attempt: Attempt, _ received: Received) throws(AccessRefusal) -> Reservation? {
        guard caller.isLimited else { return nil }
        if attempt.model.isEmpty, ["GET", "HEAD", "DELETE"].contains(received.method) {
            return try caller.reserve(tokens: 0, cost: 0)
        }
        let completion = attempt.sent.total == 0 ? 0 : completion(received)
        return try reserve(caller, attempt, received, completion: completion)
    }

    /// Why the caller is not shown the model; nil if it is.
    ///
    /// A model is shown to whom a request of no task that names it would be allowed, or one of a task whose own name or
    /// model it is. That a task's request may give any other name, too, makes no model the task's.
    func refusal(naming model: String, _ received: Received) -> AccessRefusal? {
        guard let caller = received.caller, caller.isScoped else { return nil }
        var tasks: [String?] = [nil]
        for task in registry.tasks where [task.name, task.full.model, task.tuned?.model].contains(model) {
            tasks.append(task.name)
        }
        var first: AccessRefusal?
        for task in tasks {
            do throws(AccessRefusal) {
                try caller.check(model: model, task: task)
                return nil
            } catch {
                first = first ?? error
            }
        }
        return first
    }

    /// Tokens of a chat's answer: what the request allows, else what the configuration assumes, for each choice.
    func completion(_ decided: DecidedRequest) -> Int {
        let request = decided.recognized.request
        let choices = min(max(request.document.root["n"]?.int ?? 1, 1), 1024)
        return min(request.sampling.maxTokens ?? configuration.reserveTokens, 1 << 30) * choices
    }

    /// An error for a request that its key does not allow; it has no row of its own, and is counted.
    func refuse(_ received: Received, _ refusal: AccessRefusal) -> ClientReply {
        log.metrics.refused(refusal.code)
        var fields: HeaderFields = [(GatewayHeader.reason, refusal.code.rawValue)]
        fields += refusal.rates.fields
        // Clients try 429 again by themselves, which helps only where waiting does.
        if refusal.retryAfter == nil || refusal.code == .budget { fields.append(("x-should-retry", "false")) }
        return ClientReply(APIError(refusal), requestID: received.id, headers: fields)
    }

    private static let uncountedLimit = 8192

    /// The full prompt's price, and the tuned model's if it is asked first; nil if the former is unknown.
    private func cost(_ attempt: Attempt, prompt: Int, completion: Int) -> Int64? {
        guard let full = log.prices.price(of: attempt.fullModel) else { return nil }
        let cost = full.cost(prompt: prompt, cached: 0, completion: completion)
        guard attempt.model != attempt.fullModel, let tuned = log.prices.price(of: attempt.model) else { return cost }
        return cost + tuned.cost(prompt: attempt.sent.total, cached: 0, completion: completion)
    }

    /// Tokens of the answer to a forwarded prompt.
    private func completion(_ received: Received) -> Int {
        if received.path == "/v1/embeddings" || received.path == "/v1/moderations" { return 0 }
        let root = (try? JSONDocument(received.body))?.root
        let given = root?["max_output_tokens"]?.int ?? root?["max_completion_tokens"]?.int ?? root?["max_tokens"]?.int
        return min(max(given ?? configuration.reserveTokens, 0), 1 << 30)
    }
}

extension APIError {
    /// What a caller is told that its key does not allow, in the words of OpenAI's API.
    init(_ refusal: AccessRefusal) {
        let (status, type, code): (Int, String, String) =
            switch refusal.code {
            case .requestRate: (429, "requests", "rate_limit_exceeded")
            case .tokenRate: (429, "tokens", "rate_limit_exceeded")
            case .fallbackRate: (429, "requests", "fallback_limit_exceeded")
            case .budget: (429, "insufficient_quota", "insufficient_quota")
            case .unpriced: (403, "invalid_request_error", "model_not_priced")
            case .model: (403, "invalid_request_error", "model_not_allowed")
            case .task: (403, "invalid_request_error", "task_not_allowed")
            }
        let param = refusal.code == .model || refusal.code == .unpriced ? "model" : nil
        self.init(
            status: status, message: refusal.message, type: type, param: param, code: code,
            retryAfter: refusal.retryAfter)
    }
}
