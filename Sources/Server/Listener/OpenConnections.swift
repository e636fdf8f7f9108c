import NIOCore
import Synchronization

/// The connections that a listener has accepted and that are not closed, so that it knows when it may end.
final class OpenConnections: Sendable {
    /// How far the listener's end has come.
    private enum Phase {
        case serving
        /// Connections end with the request they have.
        case stopping
        /// Connections end now.
        case ending
    }

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var phase = Phase.serving
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// How many are open.
    var count: Int { state.withLock { $0.channels.count } }

    /// Keeps an accepted connection until it is closed.
    func add(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        state.withLock { $0.channels[key] = channel }
        channel.closeFuture.whenComplete { _ in self.remove(key) }
    }

    /// The connection is set up: if it comes too late, it is told so.
    func begin(_ channel: any Channel) {
        tell([channel], state.withLock { $0.phase })
    }

    /// Tells every connection to end with the request it has.
    func stop() { enter(.stopping) }

    /// Tells every connection to end now.
    func end() { enter(.ending) }

    /// Returns when no connection is open.
    func allClosed() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.channels.isEmpty { state.waiting.append(continuation) }
                return state.channels.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }

    private func enter(_ phase: Phase) {
        let channels = state.withLock { state in
            state.phase = phase
            return Array(state.channels.values)
        }
        tell(channels, phase)
    }

    private func tell(_ channels: [any Channel], _ phase: Phase) {
        for channel in channels {
            switch phase {
            case .serving: break
            case .stopping: channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            case .ending: channel.pipeline.fireUserInboundEventTriggered(DrainIsOver())
            }
        }
    }

    private func remove(_ key: ObjectIdentifier) {
        let waiting: [CheckedContinuation<Void, Never>] = state.withLock { state in
            state.channels[key] = nil
            guard state.channels.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Notes each connection where it is accepted, on the listener's own loop: none is overlooked when that closes.
final class AcceptedConnections: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let open: OpenConnections

    init(_ open: OpenConnections) {
        self.open = open
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open.add(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
