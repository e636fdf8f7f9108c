import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL

extension ClientConnections {
    /// TLS, then whichever protocol the client chose: HTTP/2 or HTTP/1.1.
    func secure(_ channel: any Channel, with tls: ListenerTLS, turnsAway: Bool) -> EventLoopFuture<Void> {
        // A client that never says which is cut off.
        let limit = channel.eventLoop.scheduleTask(in: shared.times[.header]) {
            channel.close(promise: nil)
        }
        let handshake = NIOLoopBound(Handshake(), eventLoop: channel.eventLoop)
        @Sendable func begin(
            _ channel: any Channel, _ add: @Sendable (any Channel) throws -> Void
        ) -> EventLoopFuture<Void> {
            limit.cancel()
            handshake.value.isOver = true
            return channel.eventLoop.makeCompletedFuture {
                try add(channel)
                // A stop that came meanwhile is heard now.
                shared.open.begin(channel)
            }
        }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers(handshake.value, tls.handler())
            shared.open.begin(channel)
        }.flatMap {
            channel.configureHTTP2SecureUpgrade(
                h2ChannelConfigurator: { begin($0) { try addHTTP2(to: $0, turnsAway: turnsAway) } },
                http1ChannelConfigurator: { begin($0) { try addHTTP1(to: $0, turnsAway: turnsAway) } })
        }
    }

    /// Each stream is served like a connection with one request.
    private func addHTTP2(to channel: any Channel, turnsAway: Bool) throws {
        let streams = StreamChannels()
        let configuration = NIOHTTP2ServerConnectionManagementHandler.Configuration(
            maxIdleTime: shared.times[.keepAlive], maxAge: nil, maxGraceTime: nil, keepalive: nil)
        let manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop, configuration: configuration)
        let pipeline = channel.pipeline.syncOperations
        let bound = NIOLoopBound(streams, eventLoop: channel.eventLoop)
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: .init(), streamConfiguration: .init(),
            streamDelegate: manager.http2StreamDelegate
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                bound.value.add(stream)
                let pipeline = stream.pipeline.syncOperations
                try pipeline.addHandler(HTTP2FramePayloadToHTTP1ServerCodec())
                try pipeline.addHandler(
                    ExchangeHandler(
                        shared: shared, executor: executors[stream.eventLoop], wire: .http2,
                        // The connection stays when others have gone: what it asks later is answered.
                        turnsAway: turnsAway && shared.open.count > shared.options.connections))
            }
        }
        try pipeline.addHandler(manager)
        try pipeline.addHandler(streams, position: .first)
    }
}

/// Stands before TLS: ends a connection at a stop as long as nothing can have been asked on it.
private final class Handshake: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    var isOver = false

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if !isOver, event is ChannelShouldQuiesceEvent || event is DrainIsOver { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}

/// Tells a connection's streams when their time to finish is over.
private final class StreamChannels: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private var streams: [ObjectIdentifier: any Channel] = [:]

    func add(_ stream: any Channel) {
        let key = ObjectIdentifier(stream)
        streams[key] = stream
        let bound = NIOLoopBound(self, eventLoop: stream.eventLoop)
        stream.closeFuture.whenComplete { _ in bound.value.streams[key] = nil }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is DrainIsOver else { return context.fireUserInboundEventTriggered(event) }
        for stream in streams.values { stream.pipeline.fireUserInboundEventTriggered(DrainIsOver()) }
        // The streams' last words first.
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .milliseconds(100)) { channel.close(promise: nil) }
    }
}
