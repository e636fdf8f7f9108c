import Glibc
import Synchronization

/// The time as accounts see it: steady milliseconds for rates, UTC without jumps for budgets.
final class AccessClock: Sendable {
    struct Moment: Sendable, Equatable {
        /// Milliseconds that only ever count up, through suspension too.
        var steady: Int64
        /// Milliseconds since 1970.
        var utcMilliseconds: Int64
        /// Seconds since 1970.
        var utc: Int64 { utcMilliseconds / 1000 }
    }

    private let calendar: Mutex<SteadyCalendar>

    init() {
        calendar = Mutex(SteadyCalendar(wall: Self.read(CLOCK_REALTIME), steady: Self.read(CLOCK_BOOTTIME)))
    }

    var now: Moment {
        let (wall, steady) = (Self.read(CLOCK_REALTIME), Self.read(CLOCK_BOOTTIME))
        let utc = calendar.withLock { $0.now(wall: wall, steady: steady) }
        return Moment(steady: steady, utcMilliseconds: utc)
    }

    private static func read(_ clock: Int32) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
