import Access
import Gateway
import Ledger
import TestSupport
import Testing

@Suite("What a caller is charged for", .timeLimit(.minutes(1)))
struct ChargeTests {
    private static func caller() throws -> Caller {
        try CallerTests.caller(
            KeyPolicy(name: "a", limits: KeyLimits(tokensPerMinute: 100_000, dailyBudget: 1_000_000_000)))
    }

    /// A chat of no task, or a call of another path that names a model.
    private func ask(
        _ gateway: GatewayFixture, _ target: String, _ caller: Caller, body: [UInt8]? = nil
    ) async throws -> ClientReply {
        let text = String(decoding: body ?? GatewayFixture.body(template: "Something else."), as: UTF8.self)
        guard target.hasPrefix("/v1/chat/") else { return await gateway.forward(target, text, caller, id: "r") }
        let reply = await gateway.chat(Array(text.utf8), id: "r", caller: caller)
        _ = try? await reply.text()
        return reply
    }

    @Test(
        "every path that names a model: its usage must come unpacked, and is charged",
        arguments: ["/v1/images/generations", "/v1/audio/transcriptions", "/v1/rerank", "/v1/embeddings"])
    func everyPath(target: String) async throws {
        try await UTCDay.awaitRoom()
        let gateway = try await GatewayFixture(
            configure: CallerTests.priced,
            full: { request in
                guard request.headers.first(named: "accept-encoding") == nil else {
                    let packed: HeaderFields = [("content-type", "application/json"), ("content-encoding", "gzip")]
                    return Reply(status: 200, headers: packed, body: ReplyStream([0x1F, 0x8B, 0x08, 0x00]))
                }
                return Answers.whole(#"{"data":[],"usage":{"input_tokens":10,"output_tokens":5}}"#)
            })
        let caller = try Self.caller()
        let body = #"{"model":"gpt-x","prompt":"a boat"}"#
        let reply = await gateway.forward(target, body, caller, headers: [("Accept-Encoding", "gzip, deflate")])
        #expect(reply.status == 200 && reply.header("content-encoding") == nil)
        #expect(caller.budget(.day)?.spent == 20_000)
        #expect(caller.budget(.day)?.reserved == 0)
    }

    @Test(
        "a refused request costs nothing, saves nothing and gives back what was set aside",
        arguments: [400, 408, 429, 500], ["/v1/chat/completions", "/v1/responses", "/v1/images/generations"])
    func refused(status: Int, target: String) async throws {
        try await UTCDay.awaitRoom()
        let gateway = try await GatewayFixture(
            configure: CallerTests.priced,
            full: { _ in Answers.whole(#"{"error":{"message":"no"}}"#, status: status) })
        let caller = try Self.caller()
        let reply = try await ask(gateway, target, caller)
        #expect(reply.status == status)
        let row = try #require(try await gateway.rows("r").first)
        #expect(row.outcome == .failed && row.status == status)
        #expect(row.tokens.sent == .zero && row.tokens.completion == 0 && row.money?.paid == 0)
        #expect(caller.budget(.day)?.spent == 0)
        #expect(caller.budget(.day)?.reserved == 0)
        let totals = try await gateway.service.savings().totals
        #expect(totals.requests == 1 && totals.tokens.prompt.before == 0 && totals.tokens.prompt.saved == 0)
        #expect(totals.money.allSatisfy { $0.savedNano == 0 })
    }

    @Test("where a proxy before the upstream gave up waiting, what was sent is charged", arguments: [504, 524])
    func gaveUp(status: Int) async throws {
        try await UTCDay.awaitRoom()
        let gateway = try await GatewayFixture(
            configure: CallerTests.priced, full: { _ in Answers.whole("<html>", status: status) })
        let caller = try Self.caller()
        _ = try await ask(gateway, "/v1/chat/completions", caller)
        let row = try #require(try await gateway.rows("r").first)
        #expect(row.tokens.sent.total > 0)
        #expect(try #require(caller.budget(.day)?.spent) > 0)
    }

    @Test("an error that tells its usage is charged by it")
    func billedError() async throws {
        try await UTCDay.awaitRoom()
        let gateway = try await GatewayFixture(
            configure: CallerTests.priced,
            full: { _ in Answers.whole(#"{"error":{"message":"no"},"# + Answers.usage + "}", status: 400) })
        let caller = try Self.caller()
        _ = try await ask(gateway, "/v1/chat/completions", caller)
        #expect(caller.budget(.day)?.spent == 46_000)
    }

    @Test(
        "a request that was sent and had no answer, or half of one, is charged by estimate", arguments: [false, true])
    func broken(hasBegun: Bool) async throws {
        try await UTCDay.awaitRoom()
        let gateway = try await GatewayFixture(
            configure: CallerTests.priced,
            full: { _ throws(BackendError) in
                guard hasBegun else { throw Answers.error(.timeout) }
                return Answers.events([Answers.chunk("a")], error: Answers.error(.broken))
            })
        let caller = try Self.caller()
        let body = GatewayFixture.body(template: "Something else.", extra: #","stream":true"#)
        _ = try await ask(gateway, "/v1/chat/completions", caller, body: body)
        let row = try #require(try await gateway.rows("r").first)
        #expect(row.outcome == (hasBegun ? .partial : .failed) && row.tokens.sent.total > 0)
        let spent = try #require(caller.budget(.day)?.spent)
        #expect(spent > 0 && spent == row.money?.paid)
    }

    @Test("a task's full prompt that is refused neither costs nor saves; what a tuned model refused stays a cost")
    func tasks() async throws {
        try await UTCDay.awaitRoom()
        let gateway = try await GatewayFixture(
            configure: CallerTests.priced, tuned: { _ in Answers.whole("{}", status: 500) },
            full: { _ in Answers.whole("{}", status: 429) })
        let caller = try Self.caller()
        let reply = await gateway.chat(id: "r", caller: caller)
        _ = try await reply.text()
        #expect(reply.status == 429)
        let rows = try await gateway.rows("r")
        #expect(rows.map(\.arm) == [.internalized, .fullPrompt])
        #expect(rows.map { $0.tokens.sent.total > 0 } == [true, false])
        #expect(rows.last?.tokens.full.total ?? 0 > 0)
        #expect(rows.last?.money?.paid == 0)
        let prompt = try await gateway.service.savings().totals.tokens.prompt
        #expect(prompt.before == 0 && prompt.after == rows.first?.tokens.sent.total)
        #expect(caller.budget(.day)?.spent == rows.first?.money?.paid)
        #expect(caller.budget(.day)?.reserved == 0)
    }
}
