/// A request on its way to whoever carries it.
final class Submission: Sendable {
    let exchange: Exchange
    let request: WireRequest
    let limits: TransportLimits

    init(exchange: Exchange, request: WireRequest, limits: TransportLimits) {
        self.exchange = exchange
        self.request = request
        self.limits = limits
    }
}

/// What carries exchanges: a thread of the transport's own, or the event loop of whoever asks.
protocol ExchangeCarrier: AnyObject, Sendable {
    /// Whether what arrives is delivered on the thread of whoever asked, one event at a time.
    var isClientsOwn: Bool { get }
    /// Takes the request; whatever becomes of it is told to its exchange.
    func submit(_ submission: Submission)
    /// Lets the exchange's paused transfer go on.
    func resume(_ exchange: Exchange)
    /// Breaks the exchange's transfer off.
    func stop(_ exchange: Exchange)
    /// Fails whatever is under way, and whatever still comes, with `.shutDown`.
    func close()
}

extension TransportError {
    static func shutDown(wasSent: Bool) -> TransportError {
        TransportError(.shutDown, context: "The transport has been shut down", wasSent: wasSent)
    }
}
