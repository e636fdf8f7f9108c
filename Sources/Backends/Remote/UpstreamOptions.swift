public import Gateway
public import Transport

/// How an upstream is treated: its dialect, its time limits, and what becomes of its failures.
public struct UpstreamOptions: Sendable {
    /// How it wants paths and credentials.
    public var dialect = UpstreamDialect.openAI
    /// The time limits of one exchange.
    public var limits = TransportLimits()
    /// What of its failures is tried again. Default: what was never sent, twice.
    public var retry = RetryPolicy()
    /// When one of its endpoints is left alone.
    public var breaker = CircuitBreaker.Options()
    /// Whether answers with status 500 and above become a 502 of the gateway's own. Default: they are passed on.
    public var hidesServerErrors = false
    /// How the server is told what a task's answers must be; nil: not at all.
    public var structuredOutputs: StructuredOutputs?
    /// Whether what the server caches of prompts is kept apart by caller, as vLLM does by a request's `cache_salt`.
    public var saltsCache = false

    /// The defaults.
    public init() {}
}
