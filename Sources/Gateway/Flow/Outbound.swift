import ChatAPI
import Experimentation
import Ledger
import PromptSchema

/// What goes to a backend, and how its tokens are planned before the answer tells them.
struct Outbound: Sendable {
    let backend: any Backend
    let model: String
    let body: [UInt8]
    /// The stripped prompt's messages; nil if nothing was stripped.
    let stripped: [PromptMessage]?
    let tokens: SegmentTokens
    var limits: BackendRequest.Limits
    /// Whether the gateway asked for a usage chunk that the client did not ask for.
    let hidesUsage: Bool
}

extension DecidedRequest {
    /// The stripped prompt for the tuned model; nil if the request was not stripped.
    func tunedOutbound(_ backend: any Backend, _ tuned: GatewayTask.Tuned) -> Outbound? {
        stripped.map { stripped in
            Outbound(
                backend: backend, model: tuned.model, body: stripped.body, stripped: stripped.messages,
                tokens: stripped.tokens, limits: tuned.limits, hidesUsage: stripped.asksForUsage)
        }
    }

    /// The client's own bytes, with another model name only if the configuration gives one.
    func fullOutbound(_ backend: any Backend, model: String?, asksForUsage: Bool) -> Outbound {
        let request = recognized.request
        let adds = asksForUsage && request.stream && !request.includeUsage
        let renamed = model.flatMap { $0 == request.model ? nil : $0 }
        let body = renamed == nil && !adds ? request.body : request.body(model: renamed, includeUsage: adds)
        return Outbound(
            backend: backend, model: model ?? request.model, body: body ?? request.body,
            stripped: nil, tokens: full, limits: BackendRequest.Limits(), hidesUsage: adds)
    }
}
