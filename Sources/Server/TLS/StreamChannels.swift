import NIOCore

/// The streams of an HTTP/2 connection, which it tells when their time to finish is over.
///
/// Ends a connection that has no stream for too long: the first has to come within the time for a head, a later one
/// within the time between requests. The client is told first; if it does not answer, the connection is cut off.
final class StreamChannels: ChannelInboundHandler, ClockOwner {
    typealias InboundIn = NIOAny

    private let times: ConnectionTimes
    private var streams: [ObjectIdentifier: any Channel] = [:]
    private(set) var context: ChannelHandlerContext?
    /// Measures while there is no stream.
    private var clock = ConnectionClock()
    /// The client was told that no more streams are wanted.
    private var isEnding = false

    init(_ times: ConnectionTimes) {
        self.times = times
    }

    func add(_ stream: any Channel) {
        let key = ObjectIdentifier(stream)
        streams[key] = stream
        clock.pause()
        let bound = NIOLoopBound(self, eventLoop: stream.eventLoop)
        stream.closeFuture.whenComplete { _ in bound.value.remove(key) }
    }

    private func remove(_ key: ObjectIdentifier) {
        streams[key] = nil
        if streams.isEmpty { clock.begin(isEnding ? .linger : .keepAlive, for: times, on: self) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        clock.begin(.header, for: times, on: self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        context = nil
        clock.stop()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, !isEnding {
            isEnding = true
            if streams.isEmpty { clock.begin(.linger, for: times, on: self) }
        }
        guard event is DrainIsOver else { return context.fireUserInboundEventTriggered(event) }
        for stream in streams.values { stream.pipeline.fireUserInboundEventTriggered(DrainIsOver()) }
        // The streams' last words first.
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .milliseconds(100)) { channel.close(promise: nil) }
    }

    /// The connection's timer has fired.
    func clockFired() {
        guard let context, clock.fired(times, self) else { return }
        if isEnding { return context.close(promise: nil) }
        isEnding = true
        clock.begin(.linger, for: times, on: self)
        context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
}
