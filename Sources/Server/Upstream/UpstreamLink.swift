import NIOCore
import NIOPosix
import Transport

/// A connection to an upstream as a channel of the loop: it tells what arrives, and sends what the socket did not take.
final class UpstreamLink: ChannelInboundHandler, LoopLink {
    typealias InboundIn = ByteBuffer

    private let loop: any EventLoop
    private let executor: LoopExecutor
    /// Nil once the connection is over or given up.
    private var events: (any LoopLinkEvents)?
    private var channel: (any Channel)?
    private var isBroken = false

    init(_ events: any LoopLinkEvents, _ loop: any EventLoop, _ executor: LoopExecutor) {
        self.events = events
        self.loop = loop
        self.executor = executor
    }

    func connect(to address: [UInt8], port: Int) {
        let link = NIOLoopBound(self, eventLoop: loop)
        guard let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: address), port: port) else {
            return end()
        }
        ClientBootstrap(group: loop)
            // Whoever asked keeps the limits.
            .connectTimeout(.hours(24))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(link.value) }
            }
            .connect(to: address)
            .whenFailure { _ in
                link.value.isBroken = true
                link.value.end()
            }
    }

    // MARK: What the transport asks for

    func write(_ bytes: ArraySlice<UInt8>) {
        guard let channel else { return }
        let link = NIOLoopBound(self, eventLoop: loop)
        channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { result in
            switch result {
            case .success: link.value.loop.execute { link.value.events?.drained() }
            case .failure: link.value.isBroken = true
            }
        }
    }

    func setReading(_ isOn: Bool) {
        try? channel?.syncOptions?.setOption(.autoRead, value: isOn)
    }

    func close() {
        events = nil
        channel?.close(promise: nil)
    }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        channel = context.channel
    }

    func channelActive(context: ChannelHandlerContext) {
        let descriptor = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable { (handle: Int32) in handle
        }
        guard let events, let descriptor else { return context.close(promise: nil) }
        executor.learn(descriptor)
        events.connected(descriptor)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        events?.received(bytes.readableBytesUInt8Span)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch events?.receivedAll() {
        case .beginning: executor.runAll()
        case .piece: executor.runSome()
        case .other, nil: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isBroken = true
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        channel = nil
    }

    /// The descriptor is not to be used from now on; what follows from that is said once whoever calls is done.
    private func end() {
        guard let events else { return }
        self.events = nil
        events.lost()
        let isBroken = isBroken
        let ended = NIOLoopBound(events, eventLoop: loop)
        loop.execute { ended.value.ended(isBroken: isBroken) }
    }
}
