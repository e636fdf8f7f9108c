import NIOCore

/// The streams of an HTTP/2 connection, which it tells when their time to finish is over.
///
/// Ends a connection that has no stream for too long: the first has to come within the time for a head, a later one
/// within the time between requests. The client is told first; if it does not answer, the connection is cut off.
final class StreamChannels: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let times: ConnectionTimes
    private var streams: [ObjectIdentifier: any Channel] = [:]
    private var context: ChannelHandlerContext?
    /// When the connection has been without a stream for long enough.
    private var deadline = NIODeadline.distantFuture
    /// Fires at least as often as the shortest limit, as the clock of an HTTP/1 connection does.
    private var timer: Scheduled<Void>?
    /// The client was told that no more streams are wanted.
    private var isEnding = false

    init(_ times: ConnectionTimes) {
        self.times = times
    }

    func add(_ stream: any Channel) {
        let key = ObjectIdentifier(stream)
        streams[key] = stream
        let bound = NIOLoopBound(self, eventLoop: stream.eventLoop)
        stream.closeFuture.whenComplete { _ in bound.value.remove(key) }
    }

    private func remove(_ key: ObjectIdentifier) {
        streams[key] = nil
        if streams.isEmpty { stayOpen(for: isEnding ? .linger : .keepAlive) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        stayOpen(for: .header)
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        context = nil
        timer?.cancel()
        timer = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, !isEnding {
            isEnding = true
            if streams.isEmpty { stayOpen(for: .linger) }
        }
        guard event is DrainIsOver else { return context.fireUserInboundEventTriggered(event) }
        for stream in streams.values { stream.pipeline.fireUserInboundEventTriggered(DrainIsOver()) }
        // The streams' last words first.
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .milliseconds(100)) { channel.close(promise: nil) }
    }

    // MARK: A connection without streams

    private func stayOpen(for limit: ConnectionClock.Limit) {
        deadline = .now() + times[limit]
        if timer == nil { schedule() }
    }

    private func schedule() {
        guard let loop = context?.eventLoop else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        timer = loop.scheduleTask(deadline: min(deadline, .now() + times.tick)) { bound.value.timerFired() }
    }

    private func timerFired() {
        timer = nil
        guard let context, streams.isEmpty else { return }
        if deadline > .now() { return schedule() }
        if isEnding { return context.close(promise: nil) }
        isEnding = true
        stayOpen(for: .linger)
        context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
}
