import TestSupport
import Testing
import Transport

@Suite("Upstreams that fail", .allCarriers)
struct FaultTests {
    @Test("a refused connection is an error that says nothing was sent")
    func refused() async throws {
        let fixture = try TransportFixture { _ in [] }
        fixture.server.stop()
        let error = try #require(await fixture.failure())
        #expect(error.code == .connect)
        #expect(!error.wasSent)
        #expect(error.description.contains("127.0.0.1:\(fixture.server.port)"))
    }

    @Test("a host without an address is a dns error")
    func unknownHost() async throws {
        let transport = try CurlTransport()
        let endpoint = try UpstreamEndpoint("http://nowhere.invalid/v1")
        do {
            _ = try await transport.send(TransportRequest(method: "GET", path: "/"), to: endpoint)
            Issue.record("the request should fail")
        } catch {
            #expect(error.code == .dns)
            #expect(!error.wasSent)
        }
    }

    @Test("a connection that is never made is a connect timeout that says nothing was sent")
    func blackHole() async throws {
        let server = try ScriptedServer(backlog: 0, accepts: false) { _ in [] }
        let transport = try Carrier.transport()
        let endpoint = try UpstreamEndpoint(server.baseURL)
        let limits = TransportLimits(connect: .milliseconds(300), firstByte: .milliseconds(900))
        var errors: [TransportError] = []
        await withTaskGroup(of: TransportError?.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    do throws(TransportError) {
                        _ = try await transport.send(
                            TransportRequest(method: "GET", path: "/"), to: endpoint, limits: limits)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            for await error in group { errors += error.map { [$0] } ?? [] }
        }
        #expect(errors.count == 4)
        // The system itself connects the first one or two; the others find the queue full.
        #expect(errors.contains { $0.code == .connectTimeout })
        #expect(errors.allSatisfy { $0.code == ($0.wasSent ? .firstByteTimeout : .connectTimeout) })
    }

    @Test("no header block in time is a first-byte timeout, interim responses or not", arguments: [false, true])
    func firstByteTimeout(interim: Bool) async throws {
        var fixture = try TransportFixture { _ in (interim ? [.text("HTTP/1.1 100 Continue\r\n\r\n")] : []) + [.hold] }
        fixture.limits.firstByte = .milliseconds(200)
        let error = try #require(await fixture.failure(body: [1]))
        #expect(error.code == .firstByteTimeout)
        #expect(error.wasSent)
        #expect(await fixture.server.waitForClientClose() != nil)
    }

    @Test("a header block that trickles does not outlast the first-byte limit")
    func tricklingHead() async throws {
        var fixture = try TransportFixture { _ in
            [.text("HTTP/1.1 200 OK\r\n")] + (0..<40).flatMap { [.wait(milliseconds: 30), .text("X-\($0): 1\r\n")] }
        }
        fixture.limits.firstByte = .milliseconds(200)
        #expect(await fixture.failure()?.code == .firstByteTimeout)
    }

    @Test("silence in the middle of a body is an idle timeout, and what came before is delivered")
    func idleTimeout() async throws {
        var fixture = try TransportFixture { _ in
            [.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"), .hold]
        }
        fixture.limits.idle = .milliseconds(200)
        var iterator = try await fixture.send().body.makeAsyncIterator()
        #expect(try await iterator.next() == [0x61])
        await #expect { try await iterator.next() } throws: { ($0 as? TransportError)?.code == .idleTimeout }
        #expect(await fixture.server.waitForClientClose() != nil)
    }

    @Test("a body that trickles is not idle, and one that the consumer paused is not either")
    func notIdle() async throws {
        var fixture = try TransportFixture { request in
            if request.target == "/big" { return [.response(body: patterned(30 << 20))] }
            return [.chunkedHead()] + (0..<36).flatMap { _ in [.wait(milliseconds: 100), .chunk("a")] } + [.lastChunk]
        }
        fixture.limits.idle = .seconds(3)
        #expect(try await fixture.send("GET", "/trickle").body.collect().count == 36)
        let paused = try await fixture.send("GET", "/big")
        try await Task.sleep(for: .milliseconds(3300))
        #expect(try await paused.body.collect().count == 30 << 20)
    }

    @Test("an exchange over the total limit is a total timeout")
    func totalTimeout() async throws {
        var fixture = try TransportFixture { _ in
            [.chunkedHead()] + (0..<500).flatMap { _ in [.chunk("a"), .wait(milliseconds: 20)] }
        }
        fixture.limits.total = .milliseconds(300)
        #expect(await fixture.failure()?.code == .totalTimeout)
    }

    /// Answers that end too early.
    static let cuts: [(name: String, steps: [ScriptedStep])] = [
        ("content-length", [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .close]),
        (
            "content-length, reset",
            [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .wait(milliseconds: 50), .reset]
        ),
        ("chunked", [.chunkedHead(), .chunk("12345"), .close]),
        ("within a chunk", [.chunkedHead(), .text("a\r\n12345"), .close]),
        ("chunked, reset", [.chunkedHead(), .chunk("12345"), .wait(milliseconds: 50), .reset]),
    ]

    @Test("a body that ends early throws after what came", arguments: cuts.indices)
    func cutBody(index: Int) async throws {
        let read = ScriptedSignal()
        // A reset takes with it what has not been read.
        let steps = Self.cuts[index].steps.map { if case .wait = $0 { ScriptedStep.await(read) } else { $0 } }
        let fixture = try TransportFixture { _ in steps }
        let response = try await fixture.send()
        var received: [UInt8] = []
        do {
            for try await chunk in response.body {
                received += chunk
                if received.count == 5 { read.fire() }
            }
            Issue.record("\(Self.cuts[index].name): the body must not end cleanly")
        } catch {
            #expect(error.code == (Self.cuts[index].name.hasSuffix("reset") ? .reset : .earlyEnd))
            #expect(error.wasSent)
        }
        #expect(received == [UInt8]("12345".utf8))
    }

    @Test("a connection that ends without an answer is a reset, and the request was sent once")
    func noAnswer() async throws {
        for steps in [[ScriptedStep.close], [.reset], [.text("HTTP/1.1 200 OK\r\nX-A: 1\r\n"), .close]] {
            let fixture = try TransportFixture { _ in steps }
            let error = try #require(await fixture.failure(body: [1]))
            #expect(error.code == .reset || error.code == .protocolViolation)
            #expect(error.wasSent)
            #expect(fixture.server.requests.count == 1)
        }
    }

    /// Bytes that are not the HTTP that was asked for.
    static let violations = [
        "hello\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A : 1\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\n folded\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\u{1}\r\n\r\nab",
    ]

    @Test("an answer that is not sound HTTP is refused", arguments: violations)
    func violation(answer: String) async throws {
        let fixture = try TransportFixture { _ in [.text(answer), .close] }
        #expect(await fixture.failure()?.code == .protocolViolation)
    }

    @Test("a chunk size that is no number breaks the body")
    func badChunkSize() async throws {
        let fixture = try TransportFixture { _ in [.chunkedHead(), .text("zz\r\nabc\r\n0\r\n\r\n"), .close] }
        let code = try #require(await fixture.failure()).code
        #expect(code == .reset || code == .protocolViolation)
    }

    /// Header blocks over a limit.
    static let bombs = [
        "many fields": String(repeating: "X-A: 1\r\n", count: 300),
        "much text": String(repeating: "X-A: \(String(repeating: "b", count: 4000))\r\n", count: 20),
        "one giant": "X-A: \(String(repeating: "b", count: 300_000))\r\n",
    ]

    @Test("a header block over the limits is refused", arguments: bombs.keys.sorted())
    func headerBomb(name: String) async throws {
        let bomb = try #require(Self.bombs[name])
        let fixture = try TransportFixture { _ in [.text("HTTP/1.1 200 OK\r\n\(bomb)Content-Length: 0\r\n\r\n")] }
        #expect(await fixture.failure()?.code == .tooManyHeaders)
    }

    @Test("a storm of interim responses is refused")
    func interimStorm() async throws {
        let fixture = try TransportFixture { _ in
            [.text(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 10_000)), .response()]
        }
        #expect(await fixture.failure()?.code == .tooManyHeaders)
    }

    @Test("no error text repeats the path, a header or the body")
    func noSecrets() async throws {
        var fixture = try TransportFixture { _ in [.hold] }
        fixture.limits.firstByte = .milliseconds(50)
        for name in ["X-Secret", "X-Bad\r\nX"] {
            do {
                _ = try await fixture.send(
                    "POST", "/canary-path?key=canary-query", headers: [(name, "canary-header")],
                    body: [UInt8]("canary-body".utf8))
                Issue.record("the request should fail")
            } catch {
                #expect(!"\(error)".contains("canary"))
            }
        }
    }
}
