import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Server

@Suite("looking for events before a loop sleeps")
struct BusyPollTests {
    @Test("a loop's event queue is found by a descriptor that it watches, and tells whether something has arrived")
    func readiness() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let listener = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let pipeline = listener.pipeline
        try await listener.eventLoop.submit {
            // The loop itself takes nothing off its queue meanwhile.
            let descriptor = try pipeline.syncOperations.withUnsafeTransportIfAvailable { (handle: Int32) in handle }
            let readiness = try #require(LoopReadiness(watching: descriptor ?? -1))
            #expect(!readiness.isReady)
            let connection = try RawConnection(port: port)
            #expect(readiness.isReady)
            connection.close()
        }.get()
        try await listener.close()
        try await group.shutdownGracefully()
    }

    @Test("a descriptor that no event queue watches has none")
    func unwatched() {
        #expect(LoopReadiness(watching: -1) == nil)
    }

    /// Whether a wait begins.
    private func begins(_ poll: inout BusyPoll, underWay: Int = 1) -> Bool { poll.begins(underWay: underWay) }

    private func looks(_ poll: inout BusyPoll) -> Bool { poll.looks() }

    /// How many of so many waits are not given up at once.
    private func tries(_ poll: inout BusyPoll, of waits: Int, underWay: Int = 1) -> Int {
        var count = 0
        for _ in 0..<waits where poll.begins(underWay: underWay) {
            count += 1
            while poll.looks() {}
        }
        return count
    }

    @Test("nothing is looked for before the queue is known, or with many requests under way")
    func unknown() {
        var poll = BusyPoll()
        #expect(!begins(&poll, underWay: 1))
        poll.isReady = { true }
        #expect(!begins(&poll, underWay: 3))
        #expect(!looks(&poll))
        #expect(begins(&poll, underWay: 2))
    }

    @Test("waits that end in vain are given up but for a rare try, and come back when they pay", arguments: [0, 1])
    func vain(underWay: Int) {
        var poll = BusyPoll()
        poll.isReady = { false }
        #expect(tries(&poll, of: 20, underWay: underWay) < 10)
        #expect(tries(&poll, of: 640, underWay: underWay) == 10)
        poll.isReady = { true }
        #expect(tries(&poll, of: 640, underWay: underWay) > 100)
        #expect(tries(&poll, of: 100, underWay: underWay) == 100)
    }

    @Test("waits for answers and for requests are remembered apart")
    func apart() {
        var poll = BusyPoll()
        poll.isReady = { false }
        _ = tries(&poll, of: 20)
        #expect(!begins(&poll, underWay: 1))
        #expect(begins(&poll, underWay: 0))
    }

    @Test("a wait that other work interrupts says nothing about waits")
    func interrupted() {
        var poll = BusyPoll()
        poll.isReady = { false }
        for _ in 0..<100 {
            #expect(begins(&poll, underWay: 1))
            #expect(!begins(&poll, underWay: 1))
            poll.interrupt()
            #expect(!looks(&poll))
        }
    }
}
