import ChatAPI
import Gateway
import Ledger
import Testing

@Suite("A gateway whose ledger cannot be written")
struct LedgerFailureTests {
    @Test(
        "answers by default and counts the rows that are missing; told to reject, it asks no backend",
        arguments: [false, true])
    func policy(rejects: Bool) async throws {
        let fixture = try await GatewayFixture(configure: { $0.rejectsWithoutLedger = rejects })
        let before = await fixture.chat()
        #expect(before.status == 200)
        _ = try await before.text()
        await fixture.ledger.close()

        let reply = await fixture.chat(id: "req-2")
        let forwarded = await fixture.service.forward(Received(id: "req-3", target: "/v1/embeddings"))
        for reply in [reply, forwarded] {
            #expect(reply.status == (rejects ? 503 : 200))
            _ = try await reply.text()
        }
        #expect(reply.header("retry-after") == (rejects ? "1" : nil))
        #expect(reply.header("x-promptintern-reason") == (rejects ? "ledger_failing" : "on"))
        #expect(fixture.service.health.ledgerErrors == 2 && !fixture.service.health.isReady)
    }
}
