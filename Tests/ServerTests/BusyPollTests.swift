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
            let end = ContinuousClock.now + .seconds(5)
            while !readiness.isReady, ContinuousClock.now < end {}
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

    private func begins(_ poll: inout BusyPoll) -> Bool { poll.begins() }

    private func looks(_ poll: inout BusyPoll) -> Bool { poll.looks() }

    /// How many waits for an answer, or for the next request, are not given up at once; what is waited for comes after
    /// that, or much later.
    private func tries(_ poll: inout BusyPoll, of waits: Int, forAnswers: Bool, comesAtOnce: Bool) -> Int {
        var count = 0
        poll.isReady = { comesAtOnce }
        for _ in 0..<waits {
            if forAnswers { poll.requestBegan() }
            if poll.begins() {
                count += 1
                while poll.looks() {}
            }
            if !forAnswers { poll.requestBegan() }
            poll.answerBegan()
            poll.requestEnded(wasAnswered: true)
        }
        return count
    }

    @Test("nothing is looked for before the queue is known, while many wait for answers, or while streams only go on")
    func nothing() {
        var poll = BusyPoll()
        #expect(!begins(&poll))
        poll.isReady = { true }
        poll.requestBegan()
        poll.requestBegan()
        poll.requestBegan()
        #expect(!begins(&poll))
        #expect(!looks(&poll))
        poll.answerBegan()
        #expect(begins(&poll))
        #expect(!looks(&poll))
        poll.answerBegan()
        poll.answerBegan()
        #expect(!begins(&poll))
        poll.requestEnded(wasAnswered: true)
        poll.requestEnded(wasAnswered: true)
        #expect(!begins(&poll))
        poll.requestEnded(wasAnswered: true)
        #expect(begins(&poll))
    }

    @Test(
        "waits that end in vain are given up but for a rare try, and come back when they pay", arguments: [true, false])
    func vain(forAnswers: Bool) {
        var poll = BusyPoll()
        #expect(tries(&poll, of: 20, forAnswers: forAnswers, comesAtOnce: false) < 10)
        #expect(tries(&poll, of: 640, forAnswers: forAnswers, comesAtOnce: false) == 10)
        #expect(tries(&poll, of: 640, forAnswers: forAnswers, comesAtOnce: true) > 100)
        #expect(tries(&poll, of: 100, forAnswers: forAnswers, comesAtOnce: true) == 100)
    }

    @Test("waits for answers and for requests are remembered apart")
    func apart() {
        var poll = BusyPoll()
        _ = tries(&poll, of: 20, forAnswers: true, comesAtOnce: false)
        poll.isReady = { true }
        #expect(begins(&poll))
        #expect(!looks(&poll))
        poll.requestBegan()
        #expect(!begins(&poll))
    }

    @Test("between requests that come many at a time nothing is looked for, until they come one by one again")
    func crowd() {
        // A wait that the machine interrupts counts as vain, so there may be a second and a third go.
        var most = 0
        for _ in 0..<3 where most <= 10 {
            var poll = BusyPoll()
            poll.isReady = { true }
            for _ in 0..<4 {
                for _ in 0..<6 { poll.requestBegan() }
                for _ in 0..<6 {
                    poll.answerBegan()
                    poll.requestEnded(wasAnswered: true)
                }
            }
            #expect(!begins(&poll))
            most = tries(&poll, of: 30, forAnswers: true, comesAtOnce: true)
        }
        #expect(most > 10)
    }

    @Test("other events do not make a wait longer: it is over when its time is")
    func bounded() {
        var poll = BusyPoll()
        poll.isReady = { true }
        poll.requestBegan()
        #expect(begins(&poll))
        let start = ContinuousClock.now
        #expect(!looks(&poll))
        while ContinuousClock.now - start < .milliseconds(2) {}
        poll.isReady = { false }
        #expect(begins(&poll))
        #expect(!looks(&poll))
        #expect(!begins(&poll))
        poll.answerBegan()
        poll.requestEnded(wasAnswered: true)
        #expect(begins(&poll))
    }
}
