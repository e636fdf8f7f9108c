import HummingbirdCore
import Logging
import NIOCore

/// HTTP/1.1 connections whose work is cancelled when the client leaves.
///
/// Each connection is served by a task of its own, which the closing of its channel cancels: so a request that waits for a
/// silent model ends as promptly as one that streams.
struct ClientConnections: ServerChildChannel {
    private let http: HTTP1Channel

    init(options: ListenOptions, responder: @escaping HTTPChannelHandler.Responder) {
        let idle = TimeAmount(options.idle)
        http = HTTP1Channel(
            responder: responder,
            configuration: .init(
                additionalChannelHandlers: [ClientDepartureHandler()], idleTimeout: idle,
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 64 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 256)))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        http.setup(channel: channel, logger: logger)
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        let work = Task { await http.handle(value: value, logger: logger) }
        value.channel.closeFuture.whenComplete { _ in work.cancel() }
        await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
    }
}

/// Closes a connection when the client stops sending: a client that shuts down its side counts as gone.
///
/// Without it the end of the client's stream would be noticed only when something is written.
private final class ClientDepartureHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
