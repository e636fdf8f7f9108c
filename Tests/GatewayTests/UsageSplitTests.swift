import Foundation
import Gateway
import Ledger
import Synchronization
import TestSupport
import Testing

@Suite("Usage in the ledger is exact however an answer is cut")
struct UsageSplitTests {
    private static let usage =
        #""usage" : {"total_tokens":43,"completion_tokens":3,"prompt_tokens":40,"prompt_tokens_details":{"cached_tokens":2}}"#

    /// An object with the usage at each place among its members, and a decoy in a text.
    private static func objects(_ kind: String, _ member: String) -> [String] {
        let members = [#""id":"c\"}""#, #""object":"\#(kind)""#, member]
        return [0, 2, members.count].map { place in
            var all = members
            all.insert(usage, at: place)
            return "{\(all.joined(separator: ","))}"
        }
    }

    private static let completions = objects(
        "chat.completion",
        #""choices":[{"index":0,"message":{"role":"assistant","content":"ü\"usage\":{\"prompt_tokens\":1}"},"finish_reason":"stop"}]"#
    )

    private static let streams =
        objects("chat.completion.chunk", #""choices":[{"index":0,"delta":{},"finish_reason":"stop"}]"#).map {
            ": hi\r\n\r\n" + Answers.chunk("ü🙂") + "data:\($0)\n\n" + Answers.done
        } + [Answers.chunk("ü🙂") + Answers.finish + "data: {\"choices\":[],\(usage)}\n\n" + Answers.done]

    @Test("every split of a whole answer, with the usage at every place", arguments: completions)
    func wholeAnswers(text: String) async throws {
        try await expectExact(Array(text.utf8), type: "application/json", body: GatewayFixture.body(template: "x"))
    }

    @Test("every split of a stream, with the usage at every place", arguments: streams)
    func streamedAnswers(text: String) async throws {
        try await expectExact(
            Array(text.utf8), type: "text/event-stream",
            body: GatewayFixture.body(template: "x", extra: #","stream":true"#))
    }

    @Test("a Responses stream tells its usage too, in pieces of any size", arguments: [1, 2, 7, 64, 4096])
    func responses(size: Int) async throws {
        let done =
            #"{"type":"response.completed","response":{"id":"r","usage":{"input_tokens":40,"output_tokens":3,"#
            + #""input_tokens_details":{"cached_tokens":2}},"error":null}}"#
        let text =
            "event: response.created\ndata: {\"type\":\"response.created\"}\n\n"
            + "event: response.completed\ndata: \(done)\n\n"
        let pieces = stride(from: 0, to: text.utf8.count, by: size).map { Array(text.utf8.dropFirst($0).prefix(size)) }
        let gateway = try await GatewayFixture(full: { _ in Self.reply(pieces, type: "text/event-stream") })
        let reply = await gateway.service.forward(Received(id: "r", target: "/v1/responses", body: Array("{}".utf8)))
        #expect(try await reply.text() == text)
        try await expect(gateway.rows("r"))
    }

    @Test(
        "a Responses stream without an event that ends it, and a completions stream without a word, are broken",
        arguments: [
            ("/v1/responses", "event: response.created\ndata: {}\n\n", true),
            ("/v1/responses", "event: response.created\ndata: {}\n\nevent: response.failed\ndata: {}\n\n", false),
            ("/v1/completions", "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":null}]}\n\n", true),
            ("/v1/completions", "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}\n\n", false),
            ("/v1/audio/speech", "data: {\"type\":\"speech.audio.delta\"}\n\n", false),
        ])
    func unfinished(target: String, text: String, isBroken: Bool) async throws {
        let gateway = try await GatewayFixture(full: { _ in
            Self.reply([Array(text.utf8)], type: "text/event-stream")
        })
        let reply = await gateway.service.forward(Received(id: "r", target: target, body: Array("{}".utf8)))
        if isBroken {
            await #expect(throws: BackendError.self) { _ = try await reply.body.collect() }
        } else {
            #expect(try await reply.text() == text)
        }
        #expect(try await gateway.rows("r").map(\.outcome) == [isBroken ? .partial : .complete])
    }

    @Test("a packed stream is relayed untouched, may end without a word, and has estimated tokens")
    func packed() async throws {
        let bytes: [UInt8] = [0x1F, 0x8B, 0x08, 0x00, 0x0A, 0x0A, 0xFF, 0x00]
        let gateway = try await GatewayFixture(full: { _ in
            Self.reply([bytes], type: "text/event-stream", more: [("Content-Encoding", "gzip")])
        })
        let reply = await gateway.chat(GatewayFixture.body(template: "x", extra: #","stream":true"#))
        #expect(try await reply.body.collect() == bytes)
        #expect(reply.header("content-encoding") == "gzip")
        let row = try #require(try await gateway.rows().first)
        #expect(row.outcome == .complete)
        #expect(row.tokens.completionSource == .estimated("packed bytes/4") && row.tokens.completion == 2)
    }

    private func expectExact(_ bytes: [UInt8], type: String, body: [UInt8]) async throws {
        let place = Mutex(0)
        let gateway = try await GatewayFixture(full: { _ in
            let cut = place.withLock { $0 }
            return Self.reply([Array(bytes[..<cut]), Array(bytes[cut...])], type: type)
        })
        for cut in 1..<bytes.count {
            place.withLock { $0 = cut }
            let reply = await gateway.chat(body, id: "r\(cut)")
            #expect(try await reply.body.collect() == bytes)
        }
        for cut in 1..<bytes.count { try await expect(gateway.rows("r\(cut)")) }
    }

    private func expect(_ rows: [LedgerEntry]) {
        #expect(rows.count == 1)
        let tokens = rows.first?.tokens
        #expect(tokens?.sent.total == 40 && tokens?.completion == 3 && tokens?.cachedPrompt == 2)
        #expect(tokens?.sentSource == .reported && tokens?.completionSource == .reported)
        #expect(rows.first?.outcome == .complete)
    }

    private static func reply(_ pieces: [[UInt8]], type: String, more: HeaderFields = []) -> Reply {
        let rest = Mutex(pieces.filter { !$0.isEmpty }[...])
        return Reply(
            status: 200, headers: [("Content-Type", type)] + more,
            body: ReplyStream { rest.withLock { $0.popFirst() } })
    }
}
