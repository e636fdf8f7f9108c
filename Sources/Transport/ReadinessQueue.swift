internal import CCurl
import Foundation

/// What a socket is wanted for, or ready for.
struct Readiness: Equatable {
    var canRead: Bool
    var canWrite: Bool
}

/// Waits for sockets to become ready (Linux's epoll). Any thread may wake the one that waits.
final class ReadinessQueue: Sendable {
    private static let readable = EPOLLIN.rawValue
    private static let writable = EPOLLOUT.rawValue
    private static let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue
    private static let edgeTriggered = UInt32(1) << 31

    private let queue: Int32
    private let bell: Int32

    init() throws(TransportError) {
        queue = epoll_create1(Int32(EPOLL_CLOEXEC))
        bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard queue >= 0, bell >= 0 else {
            throw TransportError(.internalFailure, context: "The system gives no event queue", wasSent: false)
        }
        // Edge-triggered: each ring is reported once, and the bell's counter never has to be read.
        control(EPOLL_CTL_ADD, bell, Self.readable | Self.edgeTriggered)
    }

    deinit {
        close(bell)
        close(queue)
    }

    /// Ends the present or the next `wait`.
    func wakeUp() {
        _ = eventfd_write(bell, 1)
    }

    /// Starts to watch the socket, or changes what it is watched for; `isKnown`: it probably is watched already.
    func watch(_ socket: Int32, for wanted: Readiness, isKnown: Bool) {
        let events = (wanted.canRead ? Self.readable : 0) | (wanted.canWrite ? Self.writable : 0)
        if isKnown {
            if !control(EPOLL_CTL_MOD, socket, events), errno == ENOENT { control(EPOLL_CTL_ADD, socket, events) }
        } else {
            if !control(EPOLL_CTL_ADD, socket, events), errno == EEXIST { control(EPOLL_CTL_MOD, socket, events) }
        }
    }

    /// Ends the watch; harmless for a socket that is closed already.
    func forget(_ socket: Int32) {
        control(EPOLL_CTL_DEL, socket, 0)
    }

    /// Sleeps until a socket is ready, the queue is woken, or the time is over; fills `ready`.
    func wait(milliseconds: Int, into ready: inout [(socket: Int32, ready: Readiness)]) {
        ready.removeAll(keepingCapacity: true)
        unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 128) { events in
            let count = unsafe epoll_wait(queue, events.baseAddress, 128, Int32(clamping: milliseconds))
            for index in 0..<Int(max(0, count)) {
                let (socket, events) = unsafe (events[index].data.fd, events[index].events)
                if socket == bell { continue }
                let isBroken = events & Self.broken != 0
                let canRead = isBroken || events & Self.readable != 0
                let canWrite = isBroken || events & Self.writable != 0
                ready.append((socket, Readiness(canRead: canRead, canWrite: canWrite)))
            }
        }
    }

    @discardableResult
    private func control(_ operation: Int32, _ socket: Int32, _ events: UInt32) -> Bool {
        var event = unsafe epoll_event()
        unsafe event.events = events
        unsafe event.data.fd = socket
        return unsafe epoll_ctl(queue, operation, socket, &event) == 0
    }
}
