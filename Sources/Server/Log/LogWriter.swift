import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Writes lines to a descriptor from a thread of its own, many at a time.
///
/// Whoever logs never waits: while the reader of the log is slow, up to `limit` bytes wait, and lines beyond that are
/// dropped and counted.
public final class LogWriter: Sendable {
    /// Standard error.
    public static let standardError = LogWriter(descriptor: STDERR_FILENO)

    /// How long a line may wait for others.
    private static let delay = DispatchTimeInterval.milliseconds(20)

    /// Room for so many lines stays for those to come.
    private static let keptRoom = 1 << 10

    /// What waits to be written.
    private enum Entry: Sendable {
        case line([UInt8])
        case later(@Sendable () -> [UInt8])
    }

    /// What a line that is not made yet counts as.
    private static let usualLine = 512

    private struct State {
        var entries: [Entry] = []
        /// Bytes of the entries.
        var count = 0
        /// The room of the entries that were written last, for those to come.
        var room: [Entry] = []
        var isScheduled = false
        var dropped = 0
    }

    private let descriptor: Int32
    private let limit: Int
    private let queue = DispatchQueue(label: "promptintern.log")
    private let state = Mutex(State())

    /// A writer to an open descriptor, which stays the caller's.
    public init(descriptor: Int32, limit: Int = 1 << 20) {
        self.descriptor = descriptor
        self.limit = limit
    }

    /// How many lines were dropped so far.
    public var dropped: Int { state.withLock { $0.dropped } }

    /// Writes a line, which ends in a line feed, soon.
    public func write(_ line: [UInt8]) {
        add(.line(line), count: line.count)
    }

    /// Writes a line that is made when it is written, on the writer's own thread.
    func write(later line: @escaping @Sendable () -> [UInt8]) {
        add(.later(line), count: Self.usualLine)
    }

    private func add(_ entry: Entry, count: Int) {
        let schedules = state.withLock { state in
            guard state.count + count <= limit else {
                state.dropped += 1
                return false
            }
            state.entries.append(entry)
            state.count += count
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if schedules { queue.asyncAfter(deadline: .now() + Self.delay) { self.drain() } }
    }

    /// Returns when everything so far is written.
    public func flush() {
        queue.sync { drain() }
    }

    private func drain() {
        var entries = state.withLock { state in
            state.isScheduled = false
            state.count = 0
            defer { (state.entries, state.room) = (state.room, []) }
            return state.entries
        }
        var lines: [UInt8] = []
        lines.reserveCapacity(entries.count * Self.usualLine)
        for entry in entries {
            switch entry {
            case .line(let line): lines += line
            case .later(let line): lines += line()
            }
        }
        put(lines)
        entries.removeAll(keepingCapacity: entries.capacity <= Self.keptRoom)
        state.withLock { $0.room = entries }
    }

    private func put(_ lines: [UInt8]) {
        var rest = lines[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Self.put($0, descriptor) }
            if count < 0, errno != EINTR, errno != EAGAIN { return }
            rest = rest.dropFirst(max(0, count))
        }
    }

    private static func put(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) -> Int {
        unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    }
}
