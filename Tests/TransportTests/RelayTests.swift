import TestSupport
import Testing
import Transport

@Suite("What goes out and what comes back", .allCarriers)
struct RelayTests {
    @Test("a response's status, header fields and body are relayed exactly", arguments: [200, 201, 400, 404, 429, 503])
    func relay(status: Int) async throws {
        let body = [UInt8]("{\"a\":1.0, \"ü\":\"\\u00fc\"}\r\n\0end".utf8)
        let fixture = try TransportFixture { _ in
            [
                .response(
                    status, headers: [("X-Request-Id", "r-1"), ("retry-after-ms", "15"), ("X-Empty", "")], body: body)
            ]
        }
        let response = try await fixture.send()
        #expect(response.status == status)
        #expect(
            response.headers.map { "\($0.name)=\($0.value)" } == [
                "X-Request-Id=r-1", "retry-after-ms=15", "X-Empty=", "Content-Length=\(body.count)",
            ])
        #expect(response.header("x-request-ID") == "r-1")
        #expect(try await response.body.collect() == body)
    }

    @Test("a request reaches the upstream byte for byte, with nothing added but Host and Content-Length")
    func request() async throws {
        let fixture = try TransportFixture(pathPrefix: "/base/") { _ in [.response()] }
        let body = [UInt8]("{\"n\": 1e-7, \"x\": -0.0}".utf8)
        _ = try await fixture.send(
            "POST", "/v1/chat/completions?api-version=2024-02-01&q=%2F",
            headers: [("Authorization", "Bearer k"), ("content-TYPE", "application/json"), ("X-Empty", "")], body: body)
        let request = try #require(fixture.server.requests.first)
        #expect(
            request.headText == """
                POST /base/v1/chat/completions?api-version=2024-02-01&q=%2F HTTP/1.1\r
                Host: 127.0.0.1:\(fixture.server.port)\r
                Authorization: Bearer k\r
                content-TYPE: application/json\r
                X-Empty:\r
                Content-Length: \(body.count)\r
                \r\n
                """)
        #expect(request.body == body)
    }

    @Test("a method without a body is sent without one", arguments: ["GET", "HEAD", "DELETE", "OPTIONS", "PROPFIND"])
    func bodiless(method: String) async throws {
        let fixture = try TransportFixture { _ in [.text("HTTP/1.1 204 No Content\r\n\r\n")] }
        let response = try await fixture.send(method, "/v1/models")
        #expect(response.status == 204)
        #expect(try await response.body.collect().isEmpty)
        #expect(
            fixture.server.requests.first?.headText
                == "\(method) /v1/models HTTP/1.1\r\nHost: 127.0.0.1:\(fixture.server.port)\r\n\r\n")
    }

    @Test("an empty body is stated where one is expected", arguments: ["POST", "PUT", "PATCH"])
    func emptyBody(method: String) async throws {
        let fixture = try TransportFixture { _ in [.response()] }
        _ = try await fixture.send(method)
        let request = try #require(fixture.server.requests.first)
        #expect(request.method == method)
        #expect(request.headers.map(\.name) == ["Host", "Content-Length"])
        #expect(request.header("content-length") == "0")
    }

    @Test("any method carries a body", arguments: ["POST", "PUT", "PATCH", "DELETE"], [1, 70_000])
    func bodies(method: String, count: Int) async throws {
        let fixture = try TransportFixture { request in [.response(body: request.body)] }
        let response = try await fixture.send(method, body: patterned(count))
        #expect(try await response.body.collect() == patterned(count))
        #expect(fixture.server.requests.first?.method == method)
    }

    @Test("hop-by-hop fields and those nominated by Connection are dropped in both directions")
    func hopByHop() async throws {
        let fixture = try TransportFixture { _ in
            [
                .text(
                    "HTTP/1.1 200 OK\r\nConnection: X-Hop , keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
                        + "Proxy-Authenticate: Basic\r\nTrailer: X-T\r\nX-End: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "2\r\nok\r\n0\r\nX-T: late\r\n\r\n")
            ]
        }
        let response = try await fixture.send(headers: [
            ("Connection", "close, x-nominated"), ("X-Nominated", "1"), ("TE", "trailers"), ("Upgrade", "h2c"),
            ("Transfer-Encoding", "chunked"), ("Host", "evil.example"), ("Content-Length", "999"),
            ("Expect", "100-continue"), ("Proxy-Authorization", "Basic x"), ("Accept", "text/event-stream"),
        ])
        #expect(response.headers.map(\.name) == ["X-End"])
        #expect(try await response.body.collect() == [UInt8]("ok".utf8))
        let request = try #require(fixture.server.requests.first)
        #expect(request.headers.map(\.name) == ["Host", "Accept", "Content-Length"])
        #expect(request.header("host") == "127.0.0.1:\(fixture.server.port)")
        #expect(request.header("content-length") == "0")
    }

    @Test("a redirect is handed on, not followed", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        let fixture = try TransportFixture { _ in [.response(status, headers: [("Location", "/elsewhere")])] }
        let response = try await fixture.send()
        #expect(response.status == status)
        #expect(response.header("Location") == "/elsewhere")
        _ = try await response.body.collect()
        #expect(fixture.server.requests.count == 1)
    }

    @Test("a compressed body is relayed as it is, and so is what the client accepts")
    func compressed() async throws {
        let bytes: [UInt8] = [0x1F, 0x8B, 0x08, 0x00, 0xFF, 0x00, 0x03, 0xCB]
        let fixture = try TransportFixture { _ in [.response(headers: [("Content-Encoding", "gzip")], body: bytes)] }
        let response = try await fixture.send(headers: [("Accept-Encoding", "gzip, br")])
        #expect(response.header("Content-Encoding") == "gzip")
        #expect(try await response.body.collect() == bytes)
        #expect(fixture.server.requests.first?.header("accept-encoding") == "gzip, br")
    }

    @Test("interim responses are skipped")
    func interim() async throws {
        let fixture = try TransportFixture { _ in
            [
                .text("HTTP/1.1 100 Continue\r\n\r\n"), .wait(milliseconds: 20),
                .text("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), .response(body: [1, 2]),
            ]
        }
        let response = try await fixture.send(body: [7])
        #expect(response.status == 200)
        #expect(response.headers.map(\.name) == ["Content-Length"])
        #expect(try await response.body.collect() == [1, 2])
    }

    @Test("a body of 40 MB goes out whole, and its echo comes back whole")
    func largeBody() async throws {
        let fixture = try TransportFixture { request in [.response(body: request.body)] }
        let body = patterned(40 << 20)
        let response = try await fixture.send(body: body)
        #expect(try await response.body.collect() == body)
        #expect(fixture.server.requests.first?.header("expect") == nil)
    }

    @Test("an answer that comes before the request is read whole is relayed")
    func earlyAnswer() async throws {
        let read = ScriptedSignal()
        let fixture = try TransportFixture(reading: .headOnly) { _ in [.response(413, body: [1]), .await(read)] }
        let response = try await fixture.send(body: patterned(20 << 20))
        #expect(response.status == 413)
        #expect(try await response.body.collect() == [1])
        read.fire()
    }

    @Test("a body that ends with the connection is complete where HTTP says so")
    func endsWithConnection() async throws {
        let fixture = try TransportFixture { _ in [.text("HTTP/1.0 200 OK\r\n\r\nhello"), .close] }
        let response = try await fixture.send()
        #expect(try await response.body.collect() == [UInt8]("hello".utf8))
    }

    @Test("header bytes that are not UTF-8 are read as Latin-1")
    func latin1() async throws {
        let head: [UInt8] =
            [UInt8]("HTTP/1.1 200 OK\r\nX-N: ".utf8) + [0xFC] + [UInt8]("\r\nContent-Length: 0\r\n\r\n".utf8)
        let fixture = try TransportFixture { _ in [.send(head)] }
        #expect(try await fixture.send().header("x-n") == "ü")
    }
}
