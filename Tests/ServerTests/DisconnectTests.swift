import ChatAPI
import Foundation
import Gateway
import Server
import Testing
import TestSupport

/// What becomes of the work for a client that leaves, stalls or sends too much.
@Suite("clients that leave", .timeLimit(.minutes(1)))
struct DisconnectTests {
    private static let stream = request(
        "POST", "/v1/chat/completions", body: #"{"model":"m","stream":true,"messages":[]}"#)

    /// Waits until the task is cancelled, and notes when.
    static func hang(_ cancelled: ScriptedSignal) async {
        await withTaskCancellationHandler {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(30)) }
        } onCancel: {
            cancelled.fire()
        }
    }

    @Test("a client that leaves while the model is silent cancels it promptly")
    func beforeTheAnswer() async throws {
        let (asked, cancelled) = (ScriptedSignal(), ScriptedSignal())
        try await TestGateway.with(answer: { _ throws(BackendError) in
            asked.fire()
            await Self.hang(cancelled)
            throw BackendError(.cancelled, wasSent: true, answer: .internalError)
        }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(Self.stream)
            #expect(await eventually { asked.isFired })
            connection.close()
            #expect(await eventually(within: .milliseconds(1000)) { cancelled.isFired })
            #expect(await eventually { gateway.records.all.last?.end == .clientLeft })
            #expect(gateway.records.all.last?.status == 0)
        }
    }

    @Test("a request whose body never comes to its end is over when its client leaves")
    func halfARequest() async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send("POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\n{")
            #expect(await eventually { gateway.load.requests == 1 })
            connection.close()
            #expect(await eventually { gateway.load.requests == 0 && gateway.load.connections == 0 })
            #expect(await eventually { gateway.records.all.last?.end == .clientLeft })
            #expect(gateway.records.all.count == 1 && gateway.records.all.last?.status == 0)
        }
    }

    @Test("a client that leaves in the middle of a stream cancels it promptly, also between two events")
    func inTheMiddle() async throws {
        let cancelled = ScriptedSignal()
        try await TestGateway.with(answer: { _ throws(BackendError) in
            .events { number in
                if number == 0 { return Array("data: {}\n\n".utf8) }
                await Self.hang(cancelled)
                throw CancellationError()
            }
        }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(Self.stream)
            _ = await connection.receive()
            connection.close()
            #expect(await eventually(within: .milliseconds(1000)) { cancelled.isFired })
        }
    }

    @Test("a client that stops reading pauses the stream instead of filling memory")
    func backPressure() async throws {
        let sent = Counter()
        try await TestGateway.with(answer: { _ throws(BackendError) in
            .events { number in
                guard number < 16_000 else { return nil }
                sent.add(16 << 10)
                return [UInt8](repeating: 0x20, count: 16 << 10)
            }
        }) { gateway in
            let connection = try RawConnection(port: gateway.port, receiveLimit: 16 << 10)
            try connection.send(Self.stream)
            var last = -1
            while last != sent.value {
                last = sent.value
                try await Task.sleep(for: .milliseconds(300))
            }
            // Sockets and channel take what they take before they push back (8 to 28 MB were seen); 250 MB were on offer.
            #expect(last < 64 << 20)
        }
    }

    @Test("a body over the limit is refused before it is read, announced or not")
    func tooLarge() async throws {
        try await TestGateway.with(bodyBytes: 1000, answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let announced = try RawConnection(port: gateway.port)
            try announced.send("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
            let first = await announced.response()
            #expect(first.status == 413)
            #expect(first.header("connection") == "close")
            let chunked = try RawConnection(port: gateway.port)
            try chunked.send("POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            try chunked.send("400\r\n" + String(repeating: "x", count: 0x400) + "\r\n")
            #expect(await chunked.response().status == 413)
            let fitting = try RawConnection(port: gateway.port)
            try fitting.send(request("POST", "/v1/files", body: String(repeating: "x", count: 1000)))
            #expect(await fitting.response().status == 200)
        }
    }

    @Test("a client that goes on sending a body which is refused gets the answer, and no reset")
    func tooLargeByFar() async throws {
        try await TestGateway.with(bodyBytes: 1000, answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let client = try RawConnection(port: gateway.port)
            let piece = "10000\r\n" + String(repeating: "x", count: 0x10000) + "\r\n"
            let head = "POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            // A blocking send: it ends only if the gateway goes on reading.
            try client.send(head + String(repeating: piece, count: 256))
            #expect(gateway.load.bodyBytes == 0)
            #expect(await client.response().status == 413)
            #expect(await client.receive() == [])
        }
    }

    @Test("a client that waits for permission gets it, unless its body would be refused")
    func expectation() async throws {
        try await TestGateway.with(
            bodyBytes: 1000, answer: { request throws(BackendError) in .json("\(request.body.count)") }
        ) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(
                "POST /v1/files HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            #expect(await connection.response().status == 100)
            try connection.send("abc")
            #expect(await connection.response().text == "3")
            try connection.send(
                "POST /v1/files HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3000\r\n\r\n")
            #expect(await connection.response().status == 413)
        }
    }

    @Test("a stop lets the request under way finish, and takes no new ones")
    func gracefulStop() async throws {
        let (asked, go) = (ScriptedSignal(), ScriptedSignal())
        try await TestGateway.with(answer: { _ throws(BackendError) in
            asked.fire()
            while !go.isFired { try? await Task.sleep(for: .milliseconds(2)) }
            return .json(#"{"late":true}"#)
        }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(request("POST", "/v1/chat/completions", body: chatBody))
            #expect(await eventually { asked.isFired })
            await gateway.beginStop()
            #expect(await eventually { (try? RawConnection(port: gateway.port)) == nil })
            let admin = try RawConnection(port: gateway.adminPort)
            try admin.send(request("GET", "/health/ready"))
            let ready = await admin.response()
            #expect(ready.status == 503 && ready.text.contains("stopping"))
            go.fire()
            let response = await connection.response()
            #expect(response.isWhole && response.text == #"{"late":true}"#)
        }
    }
}
