import TestSupport
import Testing

@testable import Transport

@Suite("The exchange between transfer and reader, without I/O")
struct ExchangeStateTests {
    typealias State = ExchangeState<Int, Int>

    static let reset = TransportError(.reset, context: "cut", wasSent: true)
    static let head = ResponseHead(status: 200, headers: [])

    @Test("a reader that waits for the head gets it once the burst is over")
    func head() throws {
        var state = State()
        #expect(state.wantHead(7) == nil)
        #expect(state.deliver().head == nil)
        state.arrived(Self.head)
        let delivery = try #require(state.deliver().head)
        #expect(delivery.reader == 7)
        #expect(try delivery.result.get().status == 200)
        #expect(state.deliver().head == nil)
    }

    @Test("a response that ends without a head is an error for whoever waits for the head")
    func noHead() throws {
        var state = State()
        #expect(state.wantHead(1) == nil)
        state.finished(.success(()))
        let delivery = try #require(state.deliver().head)
        #expect(throws: TransportError.self) { try delivery.result.get() }
    }

    @Test("a burst of chunks and the end wakes the reader once, the rest is there without waiting")
    func burst() throws {
        var state = State()
        #expect(state.wantChunk(1) == nil)
        #expect(state.arrived([1]) == .stored)
        #expect(state.arrived([2]) == .stored)
        state.finished(.success(()))
        #expect(try state.deliver().chunk?.result.get() == [1])
        #expect(state.deliver().chunk == nil)
        #expect(try state.takeChunk()?.chunk.get() == [2])
        #expect(try state.takeChunk()?.chunk.get() == .some(nil))
    }

    @Test("what came before a failure is delivered, then the failure, again and again")
    func failure() throws {
        var state = State()
        #expect(state.arrived([1]) == .stored)
        state.finished(.failure(Self.reset))
        state.finished(.success(()))
        #expect(try state.takeChunk()?.chunk.get() == [1])
        for _ in 0..<2 { #expect(state.takeChunk()?.chunk == .failure(Self.reset)) }
    }

    @Test(
        "the transfer pauses above the high-water mark and goes on below the low-water mark",
        arguments: [1, 100, 16_384])
    func waterMarks(size: Int) throws {
        var state = State()
        let chunk = [UInt8](repeating: 0, count: size)
        let cost = size + State.chunkOverhead
        var stored = 0
        while state.arrived(chunk) == .stored { stored += 1 }
        #expect((stored - 1) * cost < State.highWater && stored * cost >= State.highWater)
        #expect(state.arrived(chunk) == .pause)
        var resumed = false
        while let taken = state.takeChunk() {
            stored -= 1
            #expect(taken.resumes == (!resumed && stored * cost < State.lowWater))
            resumed = resumed || taken.resumes
        }
        #expect(resumed)
        #expect(state.arrived(chunk) == .stored)
    }

    @Test("after cancelling, nothing is taken, and the body never seems complete")
    func cancelled() {
        var state = State()
        #expect(state.arrived([1]) == .stored)
        #expect(state.wantHead(1) == nil)
        #expect(state.cancelled() == true)
        #expect(state.cancelled() == false)
        #expect(state.arrived([2]) == .abort)
        #expect(state.deliver().head != nil)
        guard case .failure(let error)? = state.takeChunk()?.chunk else {
            Issue.record("a cancelled body must fail")
            return
        }
        #expect(error.code == .cancelled)
        #expect(!error.wasSent)
    }

    @Test("cancelling after the last byte came but before it was read is a failure, after it was read is not")
    func lateCancel() {
        var unread = State()
        #expect(unread.arrived([1]) == .stored)
        unread.finished(.success(()))
        #expect(unread.cancelled() == false)
        #expect(unread.takeChunk()?.chunk != .success(nil))
        var read = State()
        read.finished(.success(()))
        #expect(read.cancelled() == false)
        #expect(read.takeChunk()?.chunk == .success(nil))
    }

    @Test("a second reader beside the one that waits is refused")
    func twoReaders() {
        var state = State()
        #expect(state.wantChunk(1) == nil)
        #expect(throws: TransportError.self) { try state.wantChunk(2)?.chunk.get() }
    }

    @Test("in any order of events every byte is read exactly once and in order, and no wake-up is lost")
    func anyOrder() throws {
        let seed: UInt64 = 20_240_611
        print("ExchangeState, seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<2000 { try Self.runOnce(&random) }
    }

    private static func runOnce(_ random: inout SeededRandom) throws {
        var state = State()
        var sent = 0
        var received = 0
        var isWaiting = false
        var isPaused = false
        let total = Int.random(in: 0..<60, using: &random)
        let size = [1, 2000, 16_000].randomElement(using: &random)!
        func check(_ chunk: [UInt8]?) {
            guard let chunk else { return #expect(received == total) }
            #expect(chunk.first == UInt8(received) && chunk.count == size)
            received += 1
        }
        var isOver = false
        while !isOver {
            if Bool.random(using: &random) {
                if sent < total, !isPaused {
                    switch state.arrived([UInt8](repeating: UInt8(sent), count: size)) {
                    case .stored: sent += 1
                    case .pause: isPaused = true
                    case .abort: Issue.record("nobody cancelled")
                    }
                } else if sent == total {
                    state.finished(.success(()))
                }
                if let delivery = state.deliver().chunk {
                    #expect(isWaiting)
                    isWaiting = false
                    let chunk = try delivery.result.get()
                    check(chunk)
                    isOver = chunk == nil
                }
            } else if !isWaiting {
                guard let (result, resumes) = state.wantChunk(1) else {
                    isWaiting = true
                    #expect(!isPaused)
                    continue
                }
                if resumes { isPaused = false }
                check(try result.get())
                isOver = try result.get() == nil
            }
        }
        #expect(received == total)
    }
}
