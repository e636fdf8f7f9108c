import NIOCore
import NIOPosix
import Transport

/// One event loop as the transport sees it.
struct LoopPort: EventLoopPort {
    private let loop: any EventLoop
    private let executor: LoopExecutor

    init(_ loop: any EventLoop, _ executor: LoopExecutor) {
        self.loop = loop
        self.executor = executor
    }

    var isCurrent: Bool { loop.inEventLoop }

    func execute(_ work: @escaping @Sendable () -> Void) {
        loop.execute(work)
    }

    func schedule(after time: Duration, _ work: @escaping @Sendable () -> Void) {
        loop.scheduleTask(in: TimeAmount(time), work)
    }

    func connect(to address: [UInt8], port: Int, _ events: any LoopLinkEvents) -> any LoopLink {
        let link = UpstreamLink(events, loop, executor)
        link.connect(to: address, port: port)
        return link
    }
}
