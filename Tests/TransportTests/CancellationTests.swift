import TestSupport
import Testing

@testable import Transport

@Suite("Callers that leave", .allCarriers)
struct CancellationTests {
    /// When the caller is cancelled.
    enum Moment: CaseIterable {
        case beforeHead, inSilence, midStream, paused
    }

    @Test("cancelling the task closes the upstream's connection", arguments: Moment.allCases)
    func cancelledTask(_ moment: Moment) async throws {
        let fixture = try TransportFixture { _ in
            switch moment {
            case .beforeHead: [.hold]
            case .inSilence: [.chunkedHead(), .chunk("a"), .hold]
            case .midStream, .paused: [.chunkedHead()] + Array(repeating: .chunk(patterned(1000)), count: 100_000)
            }
        }
        let reading = ScriptedSignal()
        let task = Task { () -> TransportError? in
            do {
                let response = try await fixture.send()
                for try await _ in response.body {
                    reading.fire()
                    if moment == .paused { try? await Task.sleep(for: .seconds(60)) }
                }
                return nil
            } catch let error as TransportError {
                return error
            }
        }
        #expect(await fixture.server.waitForRequests(1))
        if moment != .beforeHead { #expect(await eventually { reading.isFired }) }
        if moment == .paused { try await Task.sleep(for: .milliseconds(50)) }
        let cancelled = ContinuousClock.now
        task.cancel()
        let error = try #require(try await task.value)
        #expect(error.code == .cancelled)
        #expect(error.wasSent)
        let closed = try #require(await fixture.server.waitForClientClose())
        print("\(moment): closed after \(cancelled.duration(to: closed))")
        #expect(cancelled.duration(to: closed) < .milliseconds(500))
    }

    @Test("cancelling a task that waits for a connection ends its wait")
    func cancelledConnecting() async throws {
        let server = try ScriptedServer(backlog: 0, accepts: false) { _ in [] }
        let transport = try Carrier.transport()
        let endpoint = try UpstreamEndpoint(server.baseURL)
        let tasks = (0..<4).map { _ in
            Task { () -> TransportError? in
                do throws(TransportError) {
                    _ = try await transport.send(TransportRequest(method: "POST", path: "/", body: [1]), to: endpoint)
                    return nil
                } catch {
                    return error
                }
            }
        }
        try await Task.sleep(for: .milliseconds(50))
        let cancelled = ContinuousClock.now
        for task in tasks { task.cancel() }
        for task in tasks { #expect(await task.value?.code == .cancelled) }
        #expect(cancelled.duration(to: .now) < .seconds(1))
    }

    @Test("a task that was cancelled before it sent sends nothing")
    func cancelledBefore() async throws {
        let fixture = try TransportFixture { _ in [.response()] }
        let gate = ScriptedSignal()
        let task = Task {
            _ = await eventually { gate.isFired || Task.isCancelled }
            return await fixture.failure()
        }
        task.cancel()
        let error = await task.value
        #expect(error?.code == .cancelled)
        #expect(error?.wasSent == false)
        #expect(fixture.server.connectionCount == 0)
    }

    @Test("letting go of the iterator closes the upstream's connection")
    func droppedIterator() async throws {
        let fixture = try TransportFixture { _ in [.chunkedHead(), .chunk("a"), .hold] }
        let response = try await fixture.send()
        for try await _ in response.body { break }
        #expect(await fixture.server.waitForClientClose() != nil)
        #expect(response.status == 200)
    }

    @Test("letting go of a body that nobody read closes the upstream's connection")
    func droppedBody() async throws {
        let fixture = try TransportFixture { _ in [.chunkedHead(), .hold] }
        _ = try await fixture.send().status
        #expect(await fixture.server.waitForClientClose() != nil)
    }

    @Test("letting go of a paused body closes the upstream's connection")
    func droppedPausedBody() async throws {
        let fixture = try TransportFixture { _ in [.response(body: patterned(30 << 20))] }
        do {
            let response = try await fixture.send()
            try await Task.sleep(for: .milliseconds(100))
            for try await _ in response.body { break }
        }
        #expect(await fixture.server.waitForClientClose() != nil)
    }

    @Test("an iterator outlives its response")
    func iteratorAlone() async throws {
        let go = ScriptedSignal()
        let fixture = try TransportFixture { _ in [.chunkedHead(), .await(go), .chunk("a"), .lastChunk] }
        var iterator = try await fixture.send().body.makeAsyncIterator()
        go.fire()
        #expect(try await iterator.next() == [0x61])
        #expect(try await iterator.next() == nil)
    }

    @Test("a thousand callers that leave at random moments leave a transport that works")
    func storm() async throws {
        var random = SeededRandom(seed: 11)
        let fixture = try TransportFixture { _ in
            [.chunkedHead(), .chunk("a"), .wait(milliseconds: 3), .chunk("b"), .wait(milliseconds: 3), .lastChunk]
        }
        for _ in 0..<20 {
            let tasks = (0..<50).map { _ in Task { await fixture.failure() } }
            for task in tasks.shuffled(using: &random) {
                if Bool.random(using: &random) { await Task.yield() }
                task.cancel()
            }
            for task in tasks {
                let code = await task.value?.code
                #expect(code == nil || code == .cancelled)
            }
        }
        let response = try await fixture.send()
        #expect(try await response.body.collect() == [0x61, 0x62])
    }
}
