import TestSupport
import Testing

@testable import Transport

@Suite("Connections", .allCarriers)
struct ConnectionTests {
    @Test("twenty requests in a row share one connection")
    func keepAlive() async throws {
        let fixture = try TransportFixture { request in [.response(body: request.body)] }
        for number in 0..<20 {
            let response = try await fixture.send(body: [UInt8(number)])
            #expect(try await response.body.collect() == [UInt8(number)])
        }
        #expect(fixture.server.connectionCount == 1)
        #expect(fixture.server.requests.map(\.index) == Array(0..<20))
    }

    @Test("a thousand requests one after the other share one connection, a thousand by sixteen callers at most sixteen")
    func reuse() async throws {
        var options = TransportOptions()
        options.unusedConnectionAge = .seconds(60)
        let fixture = try TransportFixture(options: options) { request in [.response(body: request.body)] }
        for _ in 0..<1000 { _ = try await fixture.send(body: [1]).body.collect() }
        #expect(fixture.server.connectionCount == 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<16 {
                group.addTask {
                    for _ in 0..<62 {
                        let body = [UInt8](repeating: UInt8(caller), count: 1 + caller * 3000)
                        let answer = try await fixture.send(body: body).body.collect()
                        #expect(answer == body)
                    }
                }
            }
            try await group.waitForAll()
        }
        // Two may have been opened ahead.
        #expect(fixture.server.connectionCount <= 18)
    }

    @Test("with many exchanges under way the next one finds a connection that stands; one that nobody needs is closed")
    func openedAhead() async throws {
        let go = ScriptedSignal()
        var options = TransportOptions(threads: 1)
        options.unusedConnectionAge = .seconds(5)
        let fixture = try TransportFixture(options: options) { [.await(go), .response(body: $0.body)] }
        try await withThrowingTaskGroup(of: Void.self) { group in
            func ask(_ number: Int) {
                group.addTask { _ = try await fixture.send(body: [UInt8(number)]).body.collect() }
            }
            for number in 0..<16 { ask(number) }
            #expect(await fixture.server.waitForRequests(16))
            let ahead = Carrier.isLibcurl ? 0 : 2
            #expect(await eventually { fixture.server.connectionCount == 16 + ahead })
            ask(16)
            #expect(await fixture.server.waitForRequests(17))
            #expect((16..<16 + max(1, ahead)).contains(fixture.server.requests[16].connection))
            #expect(await eventually { fixture.server.clientClosedCount == ahead })
            #expect(fixture.server.connectionCount == 17 + ahead)
            go.fire()
            try await group.waitForAll()
        }
        #expect(fixture.server.requests.count == 17)
    }

    @Test("a connection opened ahead that the upstream ends with the request on it costs no second request")
    func endedAhead() async throws {
        let go = ScriptedSignal()
        let fixture = try TransportFixture(options: TransportOptions(threads: 1)) { request in
            request.body == [16] ? [.close] : [.await(go), .response(body: request.body)]
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask { _ = try await fixture.send(body: [UInt8(number)]).body.collect() }
            }
            #expect(await fixture.server.waitForRequests(16))
            #expect(await eventually { fixture.server.connectionCount == (Carrier.isLibcurl ? 16 : 18) })
            let error = await fixture.failure(body: [16])
            #expect(error?.code == .reset && error?.wasSent == true)
            go.fire()
            try await group.waitForAll()
        }
        #expect(fixture.server.requests.count == 17)
    }

    @Test("an upstream that is named is looked up by libcurl, and found without it from then on")
    func named() async throws {
        let fixture = try TransportFixture { [.response(body: $0.body)] }
        let endpoint = try UpstreamEndpoint("http://localhost:\(fixture.server.port)/v1")
        for number in 0..<10 {
            let request = TransportRequest(method: "POST", path: "/x", body: [UInt8(number)])
            let response = try await fixture.transport.send(request, to: endpoint)
            #expect(try await response.body.collect() == [UInt8(number)])
        }
        #expect(fixture.server.connectionCount == (Carrier.isLibcurl ? 1 : 2))
        #expect(fixture.server.requests.allSatisfy { $0.header("host") == "localhost:\(fixture.server.port)" })
        fixture.server.stop()
        let request = TransportRequest(method: "POST", path: "/x")
        for _ in 0..<3 {
            let error = await #expect(throws: TransportError.self) {
                try await fixture.transport.send(request, to: endpoint)
            }
            #expect(error?.code == .connect || error?.code == .reset)
        }
        #expect(Carrier.isLibcurl || endpoint.parts.plainAddress == nil)
    }

    @Test("several threads share the work, each with connections of its own")
    func threads() async throws {
        let fixture = try TransportFixture(options: TransportOptions(threads: 3)) { [.response(body: $0.body)] }
        for number in 0..<30 {
            #expect(try await fixture.send(body: [UInt8(number)]).body.collect() == [UInt8(number)])
        }
        #expect(fixture.server.connectionCount == (Carrier.current == .eventLoop ? 1 : 3))
    }

    @Test("a limit of connections for a host makes exchanges wait, and none fail")
    func connectionsPerHost() async throws {
        let options = TransportOptions(connectionsPerHost: 2, threads: 1)
        let fixture = try TransportFixture(options: options) { [.wait(milliseconds: 5), .response(body: $0.body)] }
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for number in 0..<20 {
                group.addTask { try await fixture.send(body: [UInt8(number)]).body.collect() }
            }
            var answers: Set<[UInt8]> = []
            for try await answer in group { answers.insert(answer) }
            #expect(answers.count == 20)
        }
        #expect(fixture.server.connectionCount <= 2)
    }

    @Test("an idle connection that is too old is not used again")
    func idleAge() async throws {
        // libcurl counts whole seconds.
        let age = Duration.milliseconds(Carrier.isLibcurl ? 1000 : 100)
        let options = TransportOptions(idleConnectionAge: age, threads: 1)
        let fixture = try TransportFixture(options: options) { _ in [.response()] }
        _ = try await fixture.send().body.collect()
        try await Task.sleep(for: age * 2 + .milliseconds(20))
        _ = try await fixture.send().body.collect()
        #expect(fixture.server.connectionCount == 2)
    }

    @Test("bytes behind an answer's end are dropped, and its connection is not used again")
    func excess() async throws {
        let fixture = try TransportFixture { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200")]
        }
        for _ in 0..<2 { #expect(try await fixture.send().body.collect() == [UInt8]("ok".utf8)) }
        #expect(fixture.server.connectionCount == 2)
    }

    @Test("200 requests in parallel each get their own answer")
    func parallel() async throws {
        let fixture = try TransportFixture { request in [.wait(milliseconds: 20), .response(body: request.body)] }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let body = [UInt8]("request \(number)".utf8)
                    let response = try await fixture.send(body: body)
                    #expect(try await response.body.collect() == body)
                }
            }
            try await group.waitForAll()
        }
        #expect(fixture.server.requests.count == 200)
    }

    @Test("settings of one request do not leak into the next one on the same handle")
    func noLeaks() async throws {
        let fixture = try TransportFixture { request in
            request.method == "HEAD" ? [.text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")] : [.response(body: [1])]
        }
        for method in ["HEAD", "POST", "DELETE", "GET", "PATCH", "GET"] {
            let response = try await fixture.send(method, headers: [("X-\(method)", "1")])
            #expect(try await response.body.collect() == (method == "HEAD" ? [] : [1]))
        }
        #expect(fixture.server.requests.map(\.method) == ["HEAD", "POST", "DELETE", "GET", "PATCH", "GET"])
        #expect(
            fixture.server.requests.allSatisfy { request in request.headers.count { $0.name.hasPrefix("X-") } == 1 })
    }

    @Test("a kept-alive connection that the upstream has closed meanwhile is replaced")
    func staleConnection() async throws {
        let fixture = try TransportFixture { request in
            request.connection == 0 ? [.response(body: [0]), .close] : [.response(body: [1])]
        }
        #expect(try await fixture.send().body.collect() == [0])
        #expect(await eventually { fixture.server.openCount == 0 })
        try await Task.sleep(for: .milliseconds(50))
        #expect(try await fixture.send().body.collect() == [1])
        #expect(fixture.server.requests.count == 2)
    }

    @Test(
        "a request that may have been acted on is sent once, one that may be repeated twice", arguments: [false, true])
    func deadConnection(mayRepeat: Bool) async throws {
        let fixture = try TransportFixture { request in
            request.connection == 0 && request.index == 1 ? [.close] : [.response(body: request.body)]
        }
        #expect(try await fixture.send(body: [1]).body.collect() == [1])
        do {
            let response = try await fixture.send(body: [2], mayRepeat: mayRepeat)
            #expect(mayRepeat)
            #expect(try await response.body.collect() == [2])
            #expect(fixture.server.requests.map(\.body) == [[1], [2], [2]])
        } catch {
            #expect(!mayRepeat)
            #expect(error.code == .reset)
            #expect(error.wasSent)
            #expect(fixture.server.requests.map(\.body) == [[1], [2]])
        }
    }

    @Test("shutting down fails what runs and what comes later")
    func shutdown() async throws {
        let fixture = try TransportFixture { _ in [.hold] }
        let running = Task { await fixture.failure() }
        #expect(await fixture.server.waitForRequests(1))
        fixture.transport.shutdown()
        #expect(await running.value?.code == .shutDown)
        let later = await fixture.failure()
        #expect(later?.code == .shutDown)
        #expect(later?.wasSent == false)
        #expect(await fixture.server.waitForClientClose() != nil)
    }
}
