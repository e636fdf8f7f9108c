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
        let streams = StreamChannels(shared.times)
        // Connections without streams are ended by `streams`; this only says so to the client.
        let configuration = NIOHTTP2ServerConnectionManagementHandler.Configuration(
            maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil)
        let manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop, configuration: configuration)
        let pipeline = channel.pipeline.syncOperations
        let bound = NIOLoopBound(streams, eventLoop: channel.eventLoop)
        try pipeline.addHandler(ConnectionEnd())
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: Self.http2, streamConfiguration: .init(),
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

    private static let http2: NIOHTTP2Handler.ConnectionConfiguration = {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: 100),
            // HTTP/2 counts 32 bytes more for each field. A block over this ends the connection, so one that is not far
            // over our own limit is read, and refused with an answer. Until the client has acknowledged this, which is
            // mostly after its first request, NIOHTTP2 keeps to 16 KiB.
            HTTP2Setting(parameter: .maxHeaderListSize, value: HeaderLimits.bytes * 3 / 2),
        ]
        return configuration
    }()
}

/// Stands before TLS: ends a connection whose client has left, without a farewell that nobody hears, and at a stop one
/// on which nothing can have been asked.
private final class Handshake: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    var isOver = false

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that shuts down its side counts as gone.
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { return context.close(promise: nil) }
        if !isOver, event is ChannelShouldQuiesceEvent || event is DrainIsOver { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
