// Unchecked sendability: one thread sends on a connection while another reads from it.

import Foundation
import Gateway
import TestSupport
import Testing

@Suite("requests that try to be two things", .timeLimit(.minutes(1)))
struct HostileRequestTests {
    /// Each of them, before a second request that must never be executed.
    private static let framings = [
        // Two lengths.
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nhello",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
        // A length that is no number.
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\nhello",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        // A coding that is not understood, or may not be.
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\u{b}chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\r\n : chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        // Chunks.
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n fff\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n",
        // Lines.
        "POST /v1/a HTTP/1.1\nHost: a\n\n", "GET /v1/a HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost : a\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost: a\r\n: nameless\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost: a\r\nX\u{0}: b\r\n\r\n",
        "GET /v1/a\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", "GET  /v1/a HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET /v1/a HTTP/2.0\r\nHost: a\r\n\r\n", "GET /v1/a\r\n\r\n", "NONSENSE\r\n\r\n",
        // Two hosts, two protocols.
        "GET /v1/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nHost: a, b\r\n\r\n", "GET http://b/v1/a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a/v1/a HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c, x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "2\r\n{}\r\n0\r\n\r\n",
    ]

    @Test(
        "a request that two readers could cut differently is refused with 400, and its connection is closed",
        arguments: framings)
    func refused(_ text: String) async throws {
        let reached = Counter()
        try await TestGateway.with(
            answer: { request throws(BackendError) in
                reached.add(1)
                return .json("{}")
            },
            { gateway in
                let connection = try RawConnection(port: gateway.port)
                try connection.send(text + "GET /v1/smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = await connection.response()
                #expect(response.status == 400)
                #expect(response.header("connection") == "close")
                #expect(await connection.receive() == [])
                #expect(reached.value == 0)
            })
    }

    @Test("a valid request before a malformed one is answered, and none after it is executed")
    func pipelined() async throws {
        let targets = Targets()
        try await TestGateway.with(
            answer: { request throws(BackendError) in
                targets.add(request.target)
                return .json("{}")
            },
            { gateway in
                let connection = try RawConnection(port: gateway.port)
                try connection.send(
                    request("POST", "/v1/first", body: "{}") + request("POST", "/v1/second", body: "{}")
                        + "POST /v1/third HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + request("GET", "/v1/fourth"))
                #expect(await connection.response().status == 200)
                #expect(await connection.response().status == 200)
                let refusal = await connection.response()
                #expect(refusal.status == 400 && refusal.header("connection") == "close")
                #expect(await connection.receive() == [])
                #expect(targets.all == ["/v1/first", "/v1/second"])
            })
    }

    @Test(
        "a flood of small requests on one connection is answered in order, and keeps nobody else waiting",
        arguments: ["", "X: \u{e9}\r\n"])
    func flood(_ field: String) async throws {
        try await TestGateway.with(
            answer: { _ throws(BackendError) in .json("{}") },
            { gateway in
                let count = 30_000
                let (flooding, other) = (try RawConnection(port: gateway.port), try RawConnection(port: gateway.port))
                let requests = String(
                    repeating: "GET /health/live HTTP/1.1\r\nHost: a\r\n\(field)\r\n", count: count)
                // Sent beside the reading: the gateway takes no more than it may keep.
                nonisolated(unsafe) let socket = flooding
                let sender = Thread { try? unsafe socket.send(requests) }
                sender.start()
                var longest = Duration.zero
                for number in 0..<count {
                    let response = await flooding.response(to: "GET")
                    guard response.status == 200 else {
                        Issue.record("request \(number): \(response.status)")
                        break
                    }
                    guard number % 1000 == 0 else { continue }
                    let stopwatch = Stopwatch()
                    try other.send(request("GET", "/health/live"))
                    #expect(await other.response(to: "GET").status == 200)
                    longest = max(longest, stopwatch.stop())
                }
                print("another client waited \(longest) at most")
                #expect(longest < .seconds(5))
            })
    }

    @Test("a client of HTTP/1.0 gets no interim answer")
    func noInterim() async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send("POST /v1/a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")
            let answer = String(decoding: await connection.receive() ?? [], as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test(
        "a header block over 64 KiB or 256 fields is refused with 431",
        arguments: [(1, 70 << 10), (300, 8), (20_000, 1)])
    func headers(_ count: Int, _ size: Int) async throws {
        try await TestGateway.with(
            answer: { _ throws(BackendError) in .json("{}") },
            { gateway in
                let connection = try RawConnection(port: gateway.port)
                let fields = (0..<count).map { "X-\($0): " + String(repeating: "a", count: size) + "\r\n" }
                try? connection.send("GET /v1/models HTTP/1.1\r\nHost: a\r\n" + fields.joined() + "\r\n")
                let response = await connection.response()
                #expect(response.status == 431)
            })
    }

    @Test(
        "what is unusual and clear is served",
        arguments: [
            "GET http://LOCALHOST/v1/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /v1/a HTTP/1.1\r\nhost: [::1]:80\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nT: t\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2 \r\n\r\n{}", "GET /v1/a HTTP/1.0\r\n\r\n",
            "\r\nGET /v1/a HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}",
            "GET /v1/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        ])
    func served(_ text: String) async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(text)
            let response = await connection.response()
            #expect(response.status == 200 && response.text == "{}")
        }
    }
}

/// The targets that reached the backend.
private final class Targets: Sendable {
    private let targets = Box<[String]>([])

    var all: [String] { targets.value }

    func add(_ target: String) { targets.change { $0.append(target) } }
}
