import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL

extension ClientConnections {
    /// TLS, then whichever protocol the client chose: HTTP/2 or HTTP/1.1.
    func secure(_ channel: any Channel, with tls: ListenerTLS) -> EventLoopFuture<Void> {
        // A client that never says which is cut off.
        let limit = channel.eventLoop.scheduleTask(in: shared.times[.header]) {
            channel.close(promise: nil)
        }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(tls.handler())
        }.flatMap {
            channel.configureHTTP2SecureUpgrade(
                h2ChannelConfigurator: { channel in
                    limit.cancel()
                    return channel.eventLoop.makeCompletedFuture { try addHTTP2(to: channel) }
                },
                http1ChannelConfigurator: { channel in
                    limit.cancel()
                    return channel.eventLoop.makeCompletedFuture { try addHTTP1(to: channel) }
                })
        }
    }

    /// Each stream is served like a connection with one request.
    private func addHTTP2(to channel: any Channel) throws {
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
                    ExchangeHandler(shared: shared, executor: executors[stream.eventLoop], wire: .http2))
            }
        }
        try pipeline.addHandler(manager)
        try pipeline.addHandler(streams, position: .first)
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
