/// One thread's connections to one endpoint that carry nothing at present, and how many carry something.
final class PlainPool {
    let endpoint: EndpointParts
    /// The one used last stands last; those that were opened ahead stand first.
    var idle: [PlainConnection] = []
    var inUse = 0

    init(_ endpoint: EndpointParts) {
        self.endpoint = endpoint
    }

    /// How many connections to open ahead, so that the next exchange need not wait for its own: none for a server that
    /// is asked a few things at once, which may have no place for a connection without a request.
    var missing: Int {
        let goal = min(4, inUse / 8)
        guard goal > 0 else { return 0 }
        return goal - min(goal, idle.count)
    }
}
