import Foundation
import Gateway
import TestSupport
import Testing

@Suite("requests that try to be two things", .timeLimit(.minutes(1)))
struct HostileRequestTests {
    @Test(
        "a request that two readers could cut differently is refused, and nothing behind it is executed",
        arguments: [
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nhello",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost : a\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
            "GET /v1/a\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", "GET  /v1/a HTTP/9.9\r\nHost: a\r\n\r\n",
            "NONSENSE\r\n\r\n",
        ])
    func refused(_ text: String) async throws {
        let reached = Counter()
        try await TestGateway.with(
            answer: { request throws(BackendError) in
                if request.target.contains("smuggled") { reached.add(1) }
                return .json("{}")
            },
            { gateway in
                let connection = try RawConnection(port: gateway.port)
                try connection.send(text)
                try? connection.send("GET /v1/smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = await connection.response(within: .seconds(3))
                #expect(response.status == 400 || response.status == 0, "\(response.status)")
                #expect(reached.value == 0)
            })
    }

    @Test("a header block over the limit is refused", arguments: [(1, 70 << 10), (300, 8)])
    func headers(_ count: Int, _ size: Int) async throws {
        try await TestGateway.with(
            answer: { _ throws(BackendError) in .json("{}") },
            { gateway in
                let connection = try RawConnection(port: gateway.port)
                let fields = (0..<count).map { "X-\($0): " + String(repeating: "a", count: size) + "\r\n" }
                try? connection.send("GET /v1/models HTTP/1.1\r\nHost: a\r\n" + fields.joined() + "\r\n")
                let response = await connection.response(within: .seconds(3))
                #expect(response.status == 400 || response.status == 431 || response.status == 0)
            })
    }

    @Test("a connection that sends half a request is closed after the idle time")
    func half() async throws {
        try await TestGateway.with(
            idle: .milliseconds(300), answer: { _ throws(BackendError) in .json("{}") },
            { gateway in
                let connection = try RawConnection(port: gateway.port)
                try connection.send("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
                let bytes = await connection.receive(within: .seconds(5))
                #expect(bytes == [] || bytes == nil)
                #expect(await eventually { gateway.records.all.isEmpty })
            })
    }
}
