import Dispatch
import Foundation

/// SIGHUP, which asks for the configuration to be read again.
final class HangupSignal {
    private let source: any DispatchSourceSignal

    /// Calls `reload` at each signal; signals that come close together count once.
    init(_ reload: @escaping @Sendable () async -> Void) {
        signal(SIGHUP, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
        source.setEventHandler { Task { await reload() } }
        source.resume()
    }

    /// No longer listens.
    func ignore() { source.cancel() }
}
