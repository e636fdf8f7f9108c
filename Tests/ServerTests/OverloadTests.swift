import Gateway
import Server
import TestSupport
import Testing

@Suite("overload", .timeLimit(.minutes(1)))
struct OverloadTests {
    @Test(
        "what exceeds the requests in progress waits in a bounded line, the rest is refused at once, and health answers"
    )
    func bounded() async throws {
        let (running, go) = (Counter(), ScriptedSignal())
        try await TestGateway.with(
            configure: { ($0.requestsInProgress, $0.requestsWaiting) = (2, 1) },
            answer: { _ throws(BackendError) in
                running.add(1)
                while !go.isFired { try? await Task.sleep(for: .milliseconds(2)) }
                return .json("{}")
            },
            { gateway in
                func ask() throws -> RawConnection {
                    let connection = try RawConnection(port: gateway.port)
                    try connection.send(request("POST", "/v1/embeddings", body: "{}"))
                    return connection
                }
                let first = [try ask(), try ask()]
                #expect(await eventually { running.value == 2 })
                // One of these waits, whichever comes first; the others are told at once, while the two are held.
                var others: [RawConnection] = []
                var refused = 0
                for _ in 0..<10 { others.append(try ask()) }
                for _ in 0..<100 where refused < 9 {
                    for (index, other) in others.enumerated().reversed() {
                        let response = await other.response(within: .milliseconds(20))
                        guard response.status != 0 else { continue }
                        refused += 1
                        #expect(response.status == 503 && response.header("retry-after") == "1")
                        #expect(response.text.contains("overloaded"))
                        others.remove(at: index)
                    }
                }
                #expect(refused == 9 && running.value == 2)
                for port in [gateway.port, gateway.adminPort] {
                    let health = try RawConnection(port: port)
                    try health.send(request("GET", "/health/live"))
                    #expect(await health.response().status == 200)
                }
                go.fire()
                for connection in first + others { #expect(await connection.response().status == 200) }
            })
    }

    @Test("what the bodies of all requests hold is bounded: one more is refused at once, until others have ended")
    func bodies() async throws {
        try await TestGateway.with(
            configure: { $0.bodyMemory = 100 << 10 }, answer: { _ throws(BackendError) in .json("{}") },
            { gateway in
                let (head, piece) = (
                    "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 81920\r\n\r\n",
                    String(repeating: " ", count: 60 << 10)
                )
                let first = try RawConnection(port: gateway.port)
                try first.send(head + piece)
                #expect(await eventually { gateway.load.bodyBytes == 60 << 10 })
                let second = try RawConnection(port: gateway.port)
                try second.send(head + piece)
                let refusal = await second.response()
                #expect(refusal.status == 503 && refusal.header("retry-after") == "1")
                #expect(refusal.header("connection") == "close")
                #expect(await eventually { gateway.load.bodyBytes == 60 << 10 })
                try first.send(String(repeating: " ", count: 20 << 10))
                #expect(await first.response().status == 200)
                #expect(await eventually { gateway.load.bodyBytes == 0 })
                let third = try RawConnection(port: gateway.port)
                try third.send(head + piece)
                #expect(await eventually { gateway.load.bodyBytes == 60 << 10 })
                third.close()
                #expect(await eventually { gateway.load.bodyBytes == 0 })
            })
    }

    @Test("a request that waits too long is refused, and one whose client leaves gives up its place")
    func patience() async throws {
        let (running, go) = (Counter(), ScriptedSignal())
        try await TestGateway.with(
            configure: {
                ($0.requestsInProgress, $0.requestsWaiting, $0.waiting) = (1, 1, .milliseconds(200))
            },
            answer: { _ throws(BackendError) in
                running.add(1)
                while !go.isFired { try? await Task.sleep(for: .milliseconds(2)) }
                return .json("{}")
            },
            { gateway in
                let text = request("POST", "/v1/embeddings", body: "{}")
                let first = try RawConnection(port: gateway.port)
                try first.send(text)
                #expect(await eventually { running.value == 1 })
                for _ in 0..<3 {
                    let waiting = try RawConnection(port: gateway.port)
                    try waiting.send(text)
                    #expect(await waiting.response().status == 503)
                    let leaving = try RawConnection(port: gateway.port)
                    try leaving.send(text)
                    leaving.close()
                }
                go.fire()
                #expect(await first.response().status == 200)
                var status = 0
                for _ in 0..<200 where status != 200 {
                    let last = try RawConnection(port: gateway.port)
                    try last.send(text)
                    status = await last.response().status
                }
                #expect(status == 200)
            })
    }
}
