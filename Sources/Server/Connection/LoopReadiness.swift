import Foundation

/// Tells whether an event loop has something to do, without waiting: its event queue can be polled like a socket.
///
/// NIO does not name its queue, but Linux tells which descriptors each of the process's queues watches.
struct LoopReadiness {
    private let queue: Int32

    /// The event queue (epoll) that watches the descriptor; nil if there is none, or the system does not tell.
    init?(watching descriptor: Int32) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fdinfo")) ?? []
        let queue = names.lazy.compactMap { Int32($0) }.first { Self.watches(descriptor, queue: $0) }
        guard let queue else { return nil }
        self.queue = queue
    }

    /// Whether an event waits on the queue.
    var isReady: Bool {
        var watched = pollfd(fd: queue, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&watched, 1, 0) != 0
    }

    /// proc(5): a queue's `fdinfo` has a line `tfd: N events: …` for each descriptor N.
    private static func watches(_ descriptor: Int32, queue: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/self/fdinfo/\(queue)", encoding: .utf8) else {
            return false
        }
        return text.split(separator: "\n").contains { line in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            return words.count > 1 && words[0] == "tfd:" && Int32(words[1]) == descriptor
        }
    }
}
