/// HTTP to upstreams: one thread for all transfers, kept-alive connections, bodies passed on as they arrive.
///
/// libcurl carries the exchanges, except those over plain HTTP to an address that is no name: they need nothing of it, and
/// a connection of our own costs a third of the time and of the memory.
///
/// Certificates are always verified, redirects never followed, bodies never decoded, and no header field is added. A
/// kept-alive connection that turns out closed before any response byte is replaced by a fresh one, and the request sent
/// again, only if `TransportRequest.mayRepeat` allows it.
public final class CurlTransport: Sendable {
    private let loop: TransferLoop
    private let usesLibcurl: Bool

    /// Starts the thread; throws `.internalFailure` if libcurl cannot be set up.
    public init(options: TransportOptions = TransportOptions()) throws(TransportError) {
        usesLibcurl = options.usesLibcurlOnly || options.connectionsPerHost != nil
        loop = try TransferLoop(options)
        loop.start()
    }

    /// Sends the request and returns when the final response's header block has arrived; interim responses are skipped.
    ///
    /// Every status is a response, not an error. Cancelling the task, then or while it reads the body, closes the
    /// connection to the upstream.
    public func send(
        _ request: TransportRequest, to endpoint: UpstreamEndpoint, limits: TransportLimits = TransportLimits()
    ) async throws(TransportError) -> TransportResponse {
        let wire = try WireRequest(request, to: endpoint, usesLibcurl: usesLibcurl)
        let exchange = Exchange(on: loop)
        let head = try await exchange.start(wire, limits: limits)
        return TransportResponse(status: head.status, headers: head.headers, body: TransportBody(exchange))
    }

    /// Ends the thread; running exchanges fail with `.shutDown`, later ones too. Returns at once.
    public func shutdown() {
        loop.close()
    }

    deinit {
        loop.close()
    }
}
