import Gateway
import Ledger
import TestSupport
import Testing

@Suite("Answers that are odd, and legal or not")
struct UpstreamAnswerTests {
    /// Streams that are legal, however they look.
    static let legal: [String: String] = [
        "CR LF":
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é\"},\"finish_reason\":\"stop\"}]}\r\n\r\ndata: [DONE]\r\n\r\n",
        "CR":
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é\"},\"finish_reason\":\"stop\"}]}\r\rdata: [DONE]\r\r",
        "no space":
            "data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é\"},\"finish_reason\":\"stop\"}]}\n\ndata:[DONE]\n\n",
        "comments":
            ": ping\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é\"},\"finish_reason\":\"stop\"}]}\n\n: x\n\ndata: [DONE]\n\n",
        "no last blank line":
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]",
    ]

    @Test("legal streams arrive as they are, also byte by byte", arguments: legal.keys.sorted(), [1, 7, 100_000])
    func legalStreams(name: String, size: Int) async throws {
        let text = try #require(Self.legal[name])
        let bytes = Array(text.utf8)
        let server = try ScriptedServer { _ in
            [.chunkedHead(headers: FaultFixture.events)]
                + stride(from: 0, to: bytes.count, by: size).map {
                    .chunk(Array(bytes[$0..<min(bytes.count, $0 + size)]))
                }
                + [.lastChunk]
        }
        let fixture = try await FaultFixture(upstreams: [server.baseURL])
        let outcome = try await fixture.chat(streams: true)
        #expect(outcome.text == text && !outcome.isBroken)
        #expect(outcome.rows.map(\.outcome) == [.complete] && outcome.rows.first?.tokens.completion == 1)
    }

    @Test("a line of 2 MB is passed on; a tuned model's stream without text falls back")
    func longLine() async throws {
        let long =
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\(String(repeating: "x", count: 2 << 20))\"}}]}\n\n"
        let server = try ScriptedServer { _ in
            [
                .chunkedHead(headers: FaultFixture.events), .chunk(long), .chunk(FaultFixture.finish),
                .chunk(FaultFixture.done), .lastChunk,
            ]
        }
        let provider = try await FaultFixture(upstreams: [server.baseURL])
        let outcome = try await provider.chat(streams: true)
        #expect(
            outcome.text.utf8.count == long.utf8.count + FaultFixture.finish.utf8.count + FaultFixture.done.utf8.count)
        let noise = try ScriptedServer { _ in
            [.chunkedHead(headers: FaultFixture.events)]
                + (0..<20).map { _ in .chunk(String(repeating: ":\n", count: 3000)) }
                + [.lastChunk]
        }
        let full = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(tuned: noise.baseURL, upstreams: [full.baseURL])
        #expect(try await fixture.chat(task: true, streams: true).rows.map(\.reason) == ["on", "tuned_failed"])
    }

    @Test(
        "no coding is asked for; a packed answer is passed on as it is, and a tuned model's is replaced",
        arguments: [false, true])
    func packed(streams: Bool) async throws {
        let packed = [UInt8]([0x1F, 0x8B, 8, 0, 1, 2, 3])
        let type = streams ? "text/event-stream" : "application/json"
        let server = try ScriptedServer { _ in
            [.response(headers: [("Content-Type", type), ("Content-Encoding", "gzip")], body: packed)]
        }
        let provider = try await FaultFixture(upstreams: [server.baseURL])
        let reply = await provider.gateway.chat(
            Received(id: "packed", body: FaultFixture.body(task: false, streams: streams)))
        #expect(try await reply.body.collect() == packed)
        #expect(reply.headers.first(named: "content-encoding") == "gzip")
        #expect(server.requests.first?.header("accept-encoding") == nil)
        let full = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(tuned: server.baseURL, upstreams: [full.baseURL])
        let outcome = try await fixture.chat(task: true, streams: streams)
        #expect(outcome.rows.map(\.reason) == ["on", "tuned_failed"] && outcome.status == 200)
    }

    @Test("an answer without usage is passed on, and its tokens are marked as estimates", arguments: [false, true])
    func noUsage(task: Bool) async throws {
        let text = #"{"choices":[{"message":{"content":"abc"},"finish_reason":"stop"}]}"#
        let server = try ScriptedServer { _ in [.response(headers: FaultFixture.json, body: Array(text.utf8))] }
        let fixture = try await FaultFixture(tuned: server.baseURL, upstreams: [server.baseURL])
        let outcome = try await fixture.chat(task: task)
        #expect(outcome.text == text && outcome.rows.count == 1)
        #expect(outcome.rows.first?.tokens.completionSource == .estimated("bytes/4"))
    }
}
