import Synchronization

/// HTTP to upstreams: a thread or a few for all transfers, kept-alive connections, bodies passed on as they arrive.
///
/// libcurl carries the exchanges, except those over plain HTTP to a known address: they need nothing of it, and a
/// connection of our own costs half the time and a quarter of the memory. What a name stands for libcurl finds out.
///
/// Certificates are always verified, redirects never followed, bodies never decoded, and no header field is added. A
/// kept-alive connection that turns out closed before any response byte is replaced by a fresh one, and the request sent
/// again, only if `TransportRequest.mayRepeat` allows it.
public final class CurlTransport: Sendable {
    private let loops: [TransferLoop]
    private let carriers: [LoopCarrier]
    private let next = Atomic(0)
    private let usesLibcurl: Bool

    /// Starts the threads; throws `.internalFailure` if libcurl cannot be set up.
    ///
    /// - Parameter ports: the event loops from which most requests come: plain exchanges of theirs never leave them.
    public init(
        options: TransportOptions = TransportOptions(), ports: [any EventLoopPort] = []
    ) throws(TransportError) {
        usesLibcurl = options.usesLibcurlOnly || options.connectionsPerHost != nil
        let count = max(1, options.threads)
        var options = options
        options.connections = max(1, options.connections / (count + ports.count))
        var loops: [TransferLoop] = []
        for _ in 0..<count { loops.append(try TransferLoop(options)) }
        for loop in loops { loop.start() }
        self.loops = loops
        carriers = ports.map { LoopCarrier($0, options) }
    }

    /// Sends the request and returns when the final response's header block has arrived; interim responses are skipped.
    ///
    /// Every status is a response, not an error. Cancelling the task, then or while it reads the body, closes the
    /// connection to the upstream.
    public func send(
        _ request: TransportRequest, to endpoint: UpstreamEndpoint, limits: TransportLimits = TransportLimits()
    ) async throws(TransportError) -> TransportResponse {
        let wire = try WireRequest(request, to: endpoint, usesLibcurl: usesLibcurl)
        let exchange = Exchange(on: carrier(for: wire))
        let head = try await exchange.start(wire, limits: limits)
        return TransportResponse(status: head.status, headers: head.headers, body: TransportBody(exchange))
    }

    /// Ends the threads; running exchanges fail with `.shutDown`, later ones too. Returns at once.
    public func shutdown() {
        for loop in loops { loop.close() }
        for carrier in carriers { carrier.close() }
    }

    deinit {
        shutdown()
    }

    /// The event loop that asks, where that may carry the request; else a thread of ours.
    private func carrier(for request: WireRequest) -> any ExchangeCarrier {
        if request.plainAddress != nil, let own = carriers.first(where: { $0.port.isCurrent }) { return own }
        return loop
    }

    /// The threads take turns.
    private var loop: TransferLoop {
        if loops.count == 1 { return loops[0] }
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(number.magnitude % UInt(loops.count))]
    }
}
