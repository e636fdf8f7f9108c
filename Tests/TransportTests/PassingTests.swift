import Synchronization
import TestSupport
import Testing

@testable import Transport

@Suite("Chunks that pass a waiting reader by", .allCarriers)
struct PassingTests {
    /// What was offered, and what of it was taken, in the order in which it came.
    private final class Offers: Sendable {
        let all = Mutex<[[UInt8]]>([])
        let taken = Mutex(0)
        let declined = Mutex(0)
    }

    private static let chunks = (0..<12).map { [UInt8]("data: \($0)\n\n".utf8) }

    @Test(
        "each chunk comes once and in its place, to the taker or else to the reader",
        arguments: [[], [0], [1, 2, 7], Array(0..<12)])
    func order(declined: [Int]) async throws {
        let signals = Self.chunks.map { _ in ScriptedSignal() }
        let fixture = try TransportFixture { _ in
            [.chunkedHead(headers: [("Content-Type", "text/event-stream")])]
                + zip(signals, Self.chunks).flatMap { [.await($0), .chunk($1)] } + [.lastChunk]
        }
        let offers = Offers()
        let taker: ChunkTaker = { chunk in
            if declined.contains(where: { Self.chunks[$0] == chunk }) {
                offers.declined.withLock { $0 += 1 }
                return false
            }
            offers.all.withLock { $0.append(chunk) }
            offers.taken.withLock { $0 += 1 }
            return true
        }
        let release = Task {
            for (number, signal) in signals.enumerated() {
                signal.fire()
                _ = await eventually { offers.all.withLock { $0.count } > number }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        var iterator = try await fixture.send().body.makeAsyncIterator()
        while let chunk = try await iterator.next(passing: taker) { offers.all.withLock { $0.append(chunk) } }
        try await release.value
        #expect(offers.all.withLock { $0 } == Self.chunks)
        let (taken, refused) = (offers.taken.withLock { $0 }, offers.declined.withLock { $0 })
        if Carrier.current == .eventLoop {
            // A chunk that comes while nobody waits is the reader's; most come while it waits.
            #expect(taken > 0 || declined.count == Self.chunks.count)
            #expect(refused > 0 || declined.count < 2)
        } else {
            #expect(taken == 0 && refused == 0)
        }
        #expect(try await iterator.next(passing: taker) == nil)
    }

    @Test("a body that breaks after chunks were taken throws")
    func broken() async throws {
        let fixture = try TransportFixture { _ in
            [.chunkedHead(), .chunk(Self.chunks[0]), .chunk(Self.chunks[1]), .close]
        }
        var iterator = try await fixture.send().body.makeAsyncIterator()
        await #expect(throws: TransportError.self) {
            while try await iterator.next(passing: { _ in true }) != nil {}
        }
    }

    @Test("a taker that cancels its task ends the exchange as cancelled")
    func cancelled() async throws {
        let fixture = try TransportFixture { _ in
            [.chunkedHead()] + Array(repeating: .chunk([1]), count: 1000) + [.await(ScriptedSignal())]
        }
        let response = try await fixture.send()
        let work = Mutex<Task<Bool, Never>?>(nil)
        let cancel: @Sendable () -> Void = { work.withLock { $0?.cancel() } }
        let task = Task { () -> Bool in
            while work.withLock({ $0 == nil }) { await Task.yield() }
            var iterator = response.body.makeAsyncIterator()
            do throws(TransportError) {
                let taker: ChunkTaker = { _ in
                    cancel()
                    return true
                }
                while try await iterator.next(passing: taker) != nil { cancel() }
                return false
            } catch {
                return error.code == .cancelled
            }
        }
        work.withLock { $0 = task }
        #expect(await task.value)
    }
}
