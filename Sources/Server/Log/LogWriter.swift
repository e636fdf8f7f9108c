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

    /// So much room stays for the lines to come.
    private static let keptRoom = 256 << 10

    private struct State {
        var lines: [UInt8] = []
        /// The room of what was written last, for the lines to come.
        var room: [UInt8] = []
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
        let schedules = state.withLock { state in
            guard state.lines.count + line.count <= limit else {
                state.dropped += 1
                return false
            }
            state.lines.append(contentsOf: line)
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
        var lines = state.withLock { state in
            state.isScheduled = false
            defer { (state.lines, state.room) = (state.room, []) }
            return state.lines
        }
        put(lines)
        lines.removeAll(keepingCapacity: lines.capacity <= Self.keptRoom)
        state.withLock { $0.room = lines }
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
