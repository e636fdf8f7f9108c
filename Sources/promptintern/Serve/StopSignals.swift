import Dispatch
import Foundation
import Synchronization

/// SIGTERM and SIGINT: the first asks for an orderly stop, the second ends the process at once.
final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    /// Calls `stop` at the first signal.
    init(_ stop: @escaping @Sendable () async -> Void) {
        let count = SignalCount()
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if count.next() == 1 { Task { await stop() } } else { Failure.leave(code: 1) }
            }
            source.resume()
            return source
        }
    }

    /// No longer listens.
    func ignore() {
        for source in sources { source.cancel() }
    }
}

/// Counts signals.
private final class SignalCount: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
