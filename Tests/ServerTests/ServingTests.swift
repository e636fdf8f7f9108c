import ChatAPI
import Foundation
import Gateway
import Ledger
import Server
import Testing
import TestSupport

/// Everything over real sockets, byte by byte.
@Suite("serving", .timeLimit(.minutes(1)))
struct ServingTests {
    @Test("a chat completion comes back with its bytes, its own request id and a date")
    func chat() async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in
            .json(#"{"id":"x"}"#, headers: [("x-request-id", "up-1")])
        }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(
                request("POST", "/v1/chat/completions", "X-Request-Id: mine\r\n", body: chatBody))
            let response = await connection.response()
            #expect(response.status == 200)
            #expect(response.text == #"{"id":"x"}"#)
            #expect(response.header("content-length") == "10")
            let id = try #require(response.header("x-request-id"))
            #expect(id.hasPrefix("req_") && id.count == 36)
            #expect(response.header("x-upstream-request-id") == "up-1")
            #expect(response.header("date")?.hasSuffix(" GMT") == true)
            #expect(response.headers.count { $0.name.lowercased() == "x-request-id" } == 1)
            let rows = try await gateway.ledger.entries(requestID: id)
            #expect(rows.count == 1 && rows.first?.status == 200)
        }
    }

    @Test("one connection serves one request after the other")
    func keepAlive() async throws {
        try await TestGateway.with(answer: { request throws(BackendError) in .json(#"{"n":\#(request.body.count)}"#) })
        { gateway in
            let connection = try RawConnection(port: gateway.port)
            for _ in 0..<5 {
                try connection.send(request("POST", "/v1/chat/completions", body: chatBody))
                #expect(await connection.response().text == #"{"n":\#(chatBody.utf8.count)}"#)
            }
        }
    }

    @Test(
        "requests of all forms follow one another on a connection, however their bytes are cut",
        arguments: [1, 7, 64, 1_000, 100_000])
    func forms(cut: Int) async throws {
        try await TestGateway.with(answer: { request throws(BackendError) in
            .json(#"{"n":\#(request.body.count)}"#)
        }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            let long = chatBody + String(repeating: " ", count: 20_000)
            let chunks = "\(String(chatBody.utf8.count, radix: 16))\r\n\(chatBody)\r\n0\r\n\r\n"
            let target = "/v1/chat/completions"
            let requests: [(text: String, count: Int)] = [
                (request("POST", target, body: chatBody), chatBody.utf8.count),
                (request("POST", target, "Connection: keep-alive\r\n", body: long), long.utf8.count),
                (
                    "POST \(target) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)",
                    chatBody.utf8.count
                ),
                (request("POST", target, body: long), long.utf8.count),
                (request("POST", target, "Expect: 100-continue\r\n", body: chatBody), chatBody.utf8.count),
                (request("POST", target, body: chatBody), chatBody.utf8.count),
            ]
            // The first two at once: the second waits for the first one's answer.
            var bytes = Array((requests[0].text + requests[1].text).utf8)[...]
            for (number, expected) in requests.enumerated() {
                if number > 1 { bytes = Array(expected.text.utf8)[...] }
                while !bytes.isEmpty {
                    try connection.send(Array(bytes.prefix(cut)))
                    bytes = bytes.dropFirst(cut)
                    if cut > 1 { await Task.yield() }
                }
                var response = await connection.response()
                // The permission that the fifth asked for.
                if response.status == 100 { response = await connection.response() }
                #expect(response.status == 200)
                #expect(response.text == #"{"n":\#(expected.count)}"#)
            }
        }
    }

    @Test("a head that begins behind a plain body and is cut goes to the parser whole, and what follows it too")
    func handOver() async throws {
        try await TestGateway.with(answer: { request throws(BackendError) in .json(#"{"n":\#(request.body.count)}"#) })
        { gateway in
            let connection = try RawConnection(port: gateway.port)
            let post = request("POST", "/v1/chat/completions", body: chatBody)
            for (text, answers) in [(post + String(post.prefix(20)), 1), (String(post.dropFirst(20)) + post, 2)] {
                try connection.send(text)
                for _ in 0..<answers {
                    #expect(await connection.response().text == #"{"n":\#(chatBody.utf8.count)}"#)
                }
            }
        }
    }

    @Test(
        "every other path under /v1 is forwarded as it is spelled, whatever the method",
        arguments: [
            ("GET", "/v1/files?limit=2&after=a%2Fb"), ("DELETE", "/v1/files/abc%20d"), ("POST", "/v1/embeddings"),
            ("PATCH", "/v1/x//y/./z"), ("GET", "/v1/chat/completions?a=b"), ("PUT", "/v1/%76odels"),
            ("GET", "/v1/models/org%2Fname?x=1"), ("OPTIONS", "/v1/responses"),
        ])
    func forwarding(_ method: String, _ target: String) async throws {
        try await TestGateway.with(answer: { request throws(BackendError) in
            .json("\(request.method) \(request.target) \(String(decoding: request.body, as: UTF8.self))")
        }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(request(method, target, body: method == "POST" ? "{}" : ""))
            let response = await connection.response(to: method)
            #expect(response.text == "\(method) \(target) \(method == "POST" ? "{}" : "")")
        }
    }

    @Test(
        "what is no route is 404 in the API's envelope, and a wrong method 405",
        arguments: [
            ("GET", "/", 404), ("GET", "/v2/models", 404), ("GET", "/v1", 404), ("GET", "/admin/tasks", 404),
            ("GET", "//v1/models", 404), ("POST", "/health/live", 405), ("GET", "/V1/models", 404),
        ])
    func unknown(_ method: String, _ target: String, _ status: Int) async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in .json("forwarded") }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(request(method, target))
            let response = await connection.response()
            #expect(response.status == status)
            #expect(try JSONDocument(response.body).root["error"]?["type"]?.string?.text == "invalid_request_error")
            #expect(response.header("x-request-id")?.hasPrefix("req_") == true)
        }
    }

    @Test(
        "TRACE, whose answer could show the upstream's key, goes nowhere",
        arguments: ["/v1/models", "/v1/x", "/models", "/v1/chat/completions"])
    func trace(_ target: String) async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in
            Issue.record("TRACE reached the backend")
            return .json("{}")
        }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(request("TRACE", target))
            let response = await connection.response()
            #expect(response.status == 405)
            #expect(try JSONDocument(response.body).root["error"]?["code"]?.string?.text == "method_not_allowed")
        }
    }

    @Test("every event of a stream is there as soon as it was sent, not when the next one is")
    func flush() async throws {
        let go = ScriptedSignal()
        try await TestGateway.with(answer: { _ throws(BackendError) in
            .events { number in
                if number == 1 { while !go.isFired { try await Task.sleep(for: .milliseconds(2)) } }
                return [Array("data: 1\n\n".utf8), Array("data: [DONE]\n\n".utf8), nil][number]
            }
        }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(
                request("POST", "/v1/chat/completions", body: #"{"model":"m","stream":true,"messages":[]}"#))
            var seen = ""
            while !seen.contains("data: 1\n\n") {
                let bytes = try #require(await connection.receive())
                seen += String(decoding: bytes, as: UTF8.self)
            }
            #expect(!seen.contains("[DONE]"))
            go.fire()
            while !seen.hasSuffix("0\r\n\r\n") {
                let bytes = try #require(await connection.receive())
                #expect(!bytes.isEmpty)
                seen += String(decoding: bytes, as: UTF8.self)
                if bytes.isEmpty { break }
            }
            #expect(seen.contains("data: [DONE]\n\n"))
        }
    }

    @Test("a stream that breaks in the middle ends as a broken connection, not as a complete answer")
    func brokenStream() async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in
            .events { number in
                guard number == 0 else { throw BackendError(.broken, wasSent: true, answer: .upstreamUnavailable()) }
                return Array("data: {}\n\n".utf8)
            }
        }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(
                request("POST", "/v1/chat/completions", body: #"{"model":"m","stream":true,"messages":[]}"#))
            let response = await connection.response()
            #expect(response.status == 200)
            #expect(!response.isWhole)
            #expect(await eventually { gateway.records.all.last?.end == .broken })
        }
    }

    @Test("readiness calls nobody and says why it is not ready")
    func health() async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in
            Issue.record("a health check reached the backend")
            return .json("{}")
        }) { gateway in
            for port in [gateway.port, gateway.adminPort] {
                for path in ["/health/live", "/health/ready", "/health/liveliness", "/health/readiness"] {
                    let connection = try RawConnection(port: port)
                    try connection.send(request("GET", path))
                    #expect(await connection.response().status == 200)
                    try connection.send(request("HEAD", path))
                    let head = await connection.response(to: "HEAD")
                    #expect(head.status == 200 && head.body.isEmpty)
                }
            }
        }
    }
}
