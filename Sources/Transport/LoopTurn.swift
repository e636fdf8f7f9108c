/// What all transfers of a loop share in one of its turns. Belongs to the transfer thread.
final class LoopTurn {
    /// The instant at which the turn's events were noticed: one look at the clock serves all of them.
    var now: ContinuousClock.Instant = .now
    /// The transfers for which something has arrived that is not delivered yet.
    var news: [Transfer] = []
}
