/// The names of the header fields that belong to the gateway: none of them goes on to a backend.
public enum GatewayHeader {
    /// Request: `true` sends this request in full.
    public static let bypass = "x-promptintern-bypass"
    /// Request: what keeps a caller on one arm of a canary.
    public static let stickyKey = "x-promptintern-sticky-key"
    /// Request: the seconds that the caller waits; what has not begun by then is not started.
    public static let timeout = "x-promptintern-timeout"
    /// Answer: the request's id.
    public static let requestID = "x-request-id"
    /// Answer: the id that the upstream gave.
    public static let upstreamRequestID = "x-upstream-request-id"
    /// Answer: the recognized task, or the one that came nearest.
    public static let task = "x-promptintern-task"
    /// Answer: which way the request went.
    public static let arm = "x-promptintern-arm"
    /// Answer: why.
    public static let reason = "x-promptintern-reason"
    /// Answer: what stood against stripping, in words that never quote the request; only where there is more to tell.
    public static let detail = "x-promptintern-detail"
    /// Answer: the model that was asked.
    public static let model = "x-promptintern-model"
    /// Answer: tokens of the full prompt.
    public static let tokensBefore = "x-promptintern-tokens-before"
    /// Answer: tokens of what was sent.
    public static let tokensAfter = "x-promptintern-tokens-after"
    /// Answer: the difference.
    public static let tokensSaved = "x-promptintern-tokens-saved"
    /// Answer, mode `audit` only: how many tokens would have been taken out.
    public static let tokensSavable = "x-promptintern-tokens-savable"

    static let prefix = "x-promptintern-"
}
