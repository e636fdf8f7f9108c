import TestSupport
import Testing
import Transport

@Suite("Bodies that arrive over time", .allCarriers)
struct StreamTests {
    @Test("the head is there before the body, and each chunk before the next is sent")
    func chunkByChunk() async throws {
        let signals = (0..<5).map { _ in ScriptedSignal() }
        let fixture = try TransportFixture { _ in
            [.chunkedHead(headers: [("Content-Type", "text/event-stream")])]
                + signals.enumerated().flatMap { [.await($1), .chunk("data: \($0)\n\n")] } + [.lastChunk]
        }
        let response = try await fixture.send()
        var iterator = response.body.makeAsyncIterator()
        for (number, signal) in signals.enumerated() {
            signal.fire()
            #expect(try await iterator.next() == [UInt8]("data: \(number)\n\n".utf8))
        }
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
    }

    @Test("chunks that arrive together stay apart")
    func notMerged() async throws {
        let fixture = try TransportFixture { _ in
            [.chunkedHead(), .send([UInt8]("1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n".utf8))]
        }
        var chunks: [String] = []
        for try await chunk in try await fixture.send().body { chunks.append(String(decoding: chunk, as: UTF8.self)) }
        #expect(chunks == ["a", "bc", "def"])
    }

    @Test("a slow consumer pauses the upstream, and then gets every byte", arguments: [false, true])
    func backPressure(chunked: Bool) async throws {
        let piece = patterned(50 << 10)
        let count = 600
        let fixture = try TransportFixture { _ in
            if chunked {
                return [.chunkedHead()] + Array(repeating: .chunk(piece), count: count) + [.lastChunk]
            }
            return [.text("HTTP/1.1 200 OK\r\nContent-Length: \(piece.count * count)\r\n\r\n")]
                + Array(repeating: .send(piece), count: count)
        }
        let server = fixture.server
        let response = try await fixture.send()
        var settled = -1
        while settled != server.bytesSent {
            settled = server.bytesSent
            try await Task.sleep(for: .milliseconds(150))
        }
        // What was sent stands in the socket buffers of both sides (some MB on loopback) and in at most 80 KiB of ours.
        #expect(settled < 20 << 20)
        let body = try await response.body.collect()
        #expect(body.count == piece.count * count)
        let wrong = stride(from: 0, to: body.count, by: piece.count).first { start in
            Array(body[start..<min(body.count, start + piece.count)]) != piece
        }
        #expect(wrong == nil)
    }

    @Test("eight stopped readers with 75 MB on offer each cost less than 16 MB")
    func stoppedReaders() async throws {
        let piece = patterned(75 << 10)
        let fixture = try TransportFixture { _ in
            [.text("HTTP/1.1 200 OK\r\nContent-Length: \(piece.count << 10)\r\n\r\n")]
                + Array(repeating: .send(piece), count: 1024)
        }
        do {
            var iterator = try await fixture.send("GET", "/warm-up").body.makeAsyncIterator()
            _ = try await iterator.next()
        }
        let before = try residentBytes()
        var stopped: [TransportResponse] = []
        for _ in 0..<8 { stopped.append(try await fixture.send("GET", "/big")) }
        var settled = -1
        while settled != fixture.server.bytesSent {
            settled = fixture.server.bytesSent
            try await Task.sleep(for: .milliseconds(150))
        }
        let growth = try residentBytes() - before
        print("8 stopped readers: resident memory grew by \(growth >> 10) KiB")
        #expect(growth < 16 << 20)
        #expect(stopped.count == 8)
    }

    @Test("one stopped reader does not hold up the others")
    func independent() async throws {
        let fixture = try TransportFixture { request in
            request.target == "/big" ? [.response(body: patterned(20 << 20))] : [.response(body: [1])]
        }
        let stopped = try await fixture.send("GET", "/big")
        for _ in 0..<10 {
            #expect(try await fixture.send("GET", "/small").body.collect() == [1])
        }
        #expect(try await stopped.body.collect().count == 20 << 20)
    }

    @Test("a body over the collecting limit throws")
    func collectLimit() async throws {
        let fixture = try TransportFixture { _ in [.response(body: patterned(100))] }
        #expect(try await fixture.send().body.collect(upTo: 100).count == 100)
        let response = try await fixture.send()
        await #expect(throws: TransportError.self) { try await response.body.collect(upTo: 99) }
    }
}
