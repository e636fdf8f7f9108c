import Synchronization

/// What waits to be written: a bounded queue in order of arrival, and behind it the callers that wait for room.
struct LedgerQueue: ~Copyable {
    enum Work {
        case entry(LedgerEntry)
        case modeChange(ModeChange)
        /// Writes nothing that stays; shows that the ledger can be written.
        case probe
    }

    struct Pending {
        let work: Work
        let continuation: CheckedContinuation<Result<Void, LedgerError>, Never>
    }

    private let capacity: Int
    private var queue: [Pending] = []
    private var waiting: [Pending] = []
    private(set) var isClosed = false
    /// Whether the writer sleeps and the next arrival has to wake it.
    var writerSleeps = false

    init(capacity: Int) {
        self.capacity = capacity
    }

    var depth: Int { queue.count }
    var waitingForRoom: Int { waiting.count }

    /// Takes one in, behind those that wait for room if the queue is full; false once the queue is closed.
    mutating func append(_ pending: Pending) -> Bool {
        if isClosed { return false }
        if queue.count < capacity {
            queue.append(pending)
        } else {
            waiting.append(pending)
        }
        return true
    }

    /// Takes the oldest out, at most `limit`, and lets the callers that wait for room move up.
    mutating func take(_ limit: Int) -> [Pending] {
        let batch = Array(queue.prefix(limit))
        queue.removeFirst(batch.count)
        let moving = min(waiting.count, capacity - queue.count)
        if moving > 0 {
            queue += waiting.prefix(moving)
            waiting.removeFirst(moving)
        }
        return batch
    }

    /// Takes in nothing from now on; what is there is still written.
    mutating func close() {
        isClosed = true
    }
}
