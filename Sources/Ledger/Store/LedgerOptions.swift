/// How a ledger is written.
public struct LedgerOptions: Sendable, Equatable {
    /// What a committed row survives.
    public enum Durability: String, Sendable, Equatable, CaseIterable {
        /// The death of the process, `kill -9` included; the last commits may be lost when the machine loses power.
        case process
        /// The loss of power too: each commit waits for the disk.
        case power
    }

    /// What a committed row survives.
    public var durability: Durability
    /// How many entries may wait for the writer; further callers wait for room.
    public var queueCapacity: Int
    /// How many entries one transaction takes at most.
    public var batchLimit: Int
    /// How long a write waits, in seconds, while another connection holds the file.
    public var busyTimeout: Double

    /// Makes options.
    public init(
        durability: Durability = .process, queueCapacity: Int = 4096, batchLimit: Int = 512, busyTimeout: Double = 5
    ) {
        self.durability = durability
        self.queueCapacity = max(1, queueCapacity)
        self.batchLimit = max(1, batchLimit)
        self.busyTimeout = busyTimeout
    }
}
