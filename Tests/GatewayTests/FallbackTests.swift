import ChatAPI
import Experimentation
import Gateway
import Ledger
import Testing

@Suite("When the tuned model does not answer")
struct FallbackTests {
    @Test(
        "a failure before the answer sends the client's own bytes in full, and both attempts have rows",
        arguments: zip(
            [BackendError.Code.connect, .firstByteTimeout, .refused, .overflow, .broken, .failed],
            ["tuned_failed", "tuned_timeout", "tuned_refused", "tuned_refused", "tuned_failed", "tuned_failed"]))
    func failure(code: BackendError.Code, reason: String) async throws {
        let gateway = try await GatewayFixture(
            tuned: { _ throws(BackendError) in throw Answers.error(code, wasSent: code != .connect) })
        let reply = await gateway.chat()
        #expect(try await reply.text() == Answers.completion)
        #expect(gateway.full.requests.map(\.body) == [GatewayFixture.body()])
        #expect(reply.header("x-promptintern-arm") == "full_prompt")
        #expect(reply.header("x-promptintern-reason") == reason)
        #expect(reply.header("x-promptintern-tokens-saved") == "0")
        let rows = try await gateway.rows()
        #expect(rows.map(\.attempt) == [1, 2])
        #expect(rows.map(\.isFinal) == [false, true])
        #expect(rows.map(\.arm) == [.internalized, .fullPrompt])
        #expect(rows.map(\.reason) == ["on", reason])
        #expect(rows.map(\.outcome) == [.failed, .complete])
        #expect((rows[0].tokens.sent.total > 0) == (code != .connect))
    }

    @Test("a status that is no success, an error in place of text and an answer cut short fall back", arguments: 0..<6)
    func badAnswers(number: Int) async throws {
        let half = String(Answers.completion.prefix(60))
        let gateway = try await GatewayFixture(tuned: { _ throws(BackendError) in
            switch number {
            case 0: Answers.whole(#"{"error":{"message":"x"}}"#, status: 404)
            case 1: Answers.whole(#"{"error":{"message":"x"}}"#, status: 500)
            case 2: Answers.whole(half)
            case 3: Answers.events([])
            case 4: Answers.events(["data: {\"error\":{\"message\":\"x\"}}\n\n"])
            default: Answers.events([": hello\n\n"], error: Answers.error(.broken))
            }
        })
        let reply = await gateway.chat()
        #expect(try await reply.text() == Answers.completion)
        let rows = try await gateway.rows()
        #expect(rows.map(\.isFinal) == [false, true])
        #expect(rows[1].reason == (number == 0 ? "tuned_refused" : "tuned_failed"))
    }

    @Test("after the first text of a stream nobody else is asked: the stream breaks, and the row says partial")
    func afterFirstByte() async throws {
        let gateway = try await GatewayFixture(
            tuned: { _ in Answers.events([Answers.chunk("a"), Answers.chunk("b")], error: Answers.error(.broken)) })
        let reply = await gateway.chat(GatewayFixture.body(extra: #","stream":true"#))
        var seen = ""
        await #expect(throws: BackendError.self) {
            while let chunk = try await reply.body.next() { seen += String(decoding: chunk, as: UTF8.self) }
        }
        let told = String(decoding: Answers.error(.broken).answer.event, as: UTF8.self)
        #expect(seen == Answers.chunk("a") + Answers.chunk("b") + told)
        #expect(gateway.full.requests.isEmpty)
        let rows = try await gateway.rows()
        #expect(rows.map(\.outcome) == [.partial] && rows.map(\.arm) == [.internalized])
        #expect(rows[0].tokens.completion == 2 && rows[0].tokens.completionSource == .estimated("events"))
    }

    @Test("a client that leaves during a tuned attempt is not answered by anybody else")
    func cancelled() async throws {
        let gateway = try await GatewayFixture(tuned: { _ throws(BackendError) in throw Answers.error(.cancelled) })
        _ = await gateway.chat()
        #expect(gateway.full.requests.isEmpty)
        #expect(try await gateway.rows().map(\.outcome) == [.aborted])
    }

    @Test("if the full prompt fails too, the client gets the error, and the last row is final")
    func both() async throws {
        let gateway = try await GatewayFixture(
            tuned: { _ throws(BackendError) in throw Answers.error(.failed) },
            full: { _ throws(BackendError) in throw Answers.error(.connect, wasSent: false) })
        let reply = await gateway.chat()
        #expect(reply.status == 502)
        #expect(try await reply.text().contains("upstream_unavailable"))
        let rows = try await gateway.rows()
        #expect(rows.map(\.isFinal) == [false, true] && rows.map(\.outcome) == [.failed, .failed])
    }

    @Test(
        "an upstream's own error is the answer, with its status and bytes", arguments: [400, 401, 404, 429, 500, 503])
    func upstreamError(status: Int) async throws {
        let text = #"{"error":{"message":"no","type":"t","param":null,"code":"c"}}"#
        let gateway = try await GatewayFixture(mode: .off, full: { _ in Answers.whole(text, status: status) })
        let reply = await gateway.chat()
        #expect(reply.status == status)
        #expect(try await reply.text() == text)
        let rows = try await gateway.rows()
        #expect(rows.map(\.status) == [status] && rows.map(\.outcome) == [.failed])
        #expect(rows.first?.timeToFirstToken == nil && rows.first?.tokens.completion == 0)
    }
}
