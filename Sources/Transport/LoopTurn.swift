/// What all transfers of a loop share in one of its turns. Belongs to the transfer thread.
final class LoopTurn {
    /// The instant at which the turn's events were noticed: one look at the clock serves all of them.
    var now: ContinuousClock.Instant = .now
    private var news: [Exchange] = []
    private var number = 1

    /// Notes that something has arrived for the exchange; `last`, which starts as 0, is the caller's note of the turn in
    /// which it did this before.
    func report(_ exchange: Exchange?, last: inout Int) {
        guard last != number, let exchange else { return }
        last = number
        news.append(exchange)
    }

    /// Hands what has arrived to whoever waits for it: a burst wakes a task once.
    func deliver() {
        number += 1
        guard !news.isEmpty else { return }
        for exchange in news { exchange.deliver() }
        news.removeAll(keepingCapacity: true)
    }
}
