import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The time of a log line, `2026-01-31T23:59:59.123Z`; all but the milliseconds is formatted once a second.
final class LogTime: Sendable {
    static let shared = LogTime()

    private let last = Mutex((second: -1, text: [UInt8]()))

    func write(to bytes: inout [UInt8]) {
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        let second = Int(now.tv_sec)
        let text = last.withLock { last in
            if last.second != second { last = (second, Self.text(second)) }
            return last.text
        }
        bytes += text
        let milliseconds = now.tv_nsec / 1_000_000
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
