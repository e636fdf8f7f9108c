import ChatAPI
import Synchronization

/// Where the relay of an event stream stands.
final class StreamPlace: Sendable {
    /// How the stream goes on.
    enum Ending {
        case open, over
        /// The client has been told; what is left is to close its connection as broken.
        case broken(any Error)
    }

    private struct State {
        var ending = Ending.open
        var offered: Result<[UInt8], SSEError>?
    }

    private let state = Mutex(State())

    var ending: Ending {
        get { state.withLock { $0.ending } }
        set { state.withLock { $0.ending = newValue } }
    }

    /// What a chunk that was read along and not taken showed to the client; the chunk itself comes to the reader next.
    var offered: Result<[UInt8], SSEError>? {
        get { state.withLock { $0.offered } }
        set { state.withLock { $0.offered = newValue } }
    }

    /// What was offered, once.
    func takeOffered() -> Result<[UInt8], SSEError>? {
        state.withLock { state in
            defer { state.offered = nil }
            return state.offered
        }
    }
}
