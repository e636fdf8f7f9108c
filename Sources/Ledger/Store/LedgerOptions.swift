/// How a ledger is written.
public struct LedgerOptions: Sendable, Equatable {
    /// What a recorded row survives.
    public enum Durability: String, Sendable, Equatable, CaseIterable {
        /// The death of the process, `kill -9` included; the last rows may be lost when the machine loses power.
        case process
        /// The loss of power too: each row waits for the disk, together with those that wait at the same time.
        case power
    }

    /// What a recorded row survives.
    public var durability: Durability
    /// How long a segment of the journal is; each is preallocated.
    public var segmentBytes: Int
    /// How many segments the journal may have before callers wait for the tables.
    public var segmentLimit: Int
    /// How many rows one transaction takes at most.
    public var batchLimit: Int
    /// How long rows may stay in the journal before they are folded into the tables, in seconds.
    public var foldInterval: Double
    /// How long a write waits, in seconds, while another connection holds the file.
    public var busyTimeout: Double

    /// Makes options.
    public init(
        durability: Durability = .process, segmentBytes: Int = 1 << 20, segmentLimit: Int = 16,
        batchLimit: Int = 8192, foldInterval: Double = 0.25, busyTimeout: Double = 5
    ) {
        self.durability = durability
        self.segmentBytes = max(32 << 10, segmentBytes)
        self.segmentLimit = max(2, segmentLimit)
        self.batchLimit = max(1, batchLimit)
        self.foldInterval = max(0.001, foldInterval)
        self.busyTimeout = busyTimeout
    }
}
