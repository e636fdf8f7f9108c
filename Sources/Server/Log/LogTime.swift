import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The time of a log line, `2026-01-31T23:59:59.123Z`; all but the milliseconds is formatted once a second.
final class LogTime: Sendable {
    static let shared = LogTime()

    /// A moment of a line.
    struct Moment: Sendable {
        let second: Int
        let millisecond: Int

        /// The time by the calendar.
        static var now: Moment {
            var now = timespec()
            _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
            return Moment(second: Int(now.tv_sec), millisecond: Int(now.tv_nsec / 1_000_000))
        }
    }

    private let last = Mutex((second: -1, text: [UInt8]()))

    func write(_ moment: Moment, to bytes: inout [UInt8]) {
        let (second, milliseconds) = (moment.second, moment.millisecond)
        let text = last.withLock { last in
            if last.second != second { last = (second, Self.text(second)) }
            return last.text
        }
        bytes += text
        bytes += [
            UInt8(ascii: "."), UInt8(0x30 + milliseconds / 100), UInt8(0x30 + milliseconds / 10 % 10),
            UInt8(0x30 + milliseconds % 10), UInt8(ascii: "Z"),
        ]
    }

    private static func text(_ second: Int) -> [UInt8] {
        let (year, month, day) = ResponseDate.civil(second / 86400)
        let clock = [second / 3600 % 24, second / 60 % 60, second % 60].map(ResponseDate.padded).joined(separator: ":")
        return Array("\(year)-\(ResponseDate.padded(month))-\(ResponseDate.padded(day))T\(clock)".utf8)
    }
}
