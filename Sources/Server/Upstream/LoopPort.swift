import NIOCore
import NIOPosix
import Transport

/// One event loop as the transport sees it.
struct LoopPort: EventLoopPort {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    var isCurrent: Bool { loop.inEventLoop }

    func execute(_ work: @escaping @Sendable () -> Void) {
        loop.execute(work)
    }

    func schedule(after time: Duration, _ work: @escaping @Sendable () -> Void) {
        loop.scheduleTask(in: TimeAmount(time), work)
    }

    func connect(to address: [UInt8], port: Int, _ events: any LoopLinkEvents) -> any LoopLink {
        let link = UpstreamLink(events, loop)
        link.connect(to: address, port: port)
        return link
    }
}
