import Gateway
import Ledger
import Testing

@Suite("Paths that are only forwarded, and the model list")
struct ForwardTests {
    @Test("any other path goes on as it is, with its usage in the ledger")
    func forwarded() async throws {
        let text = #"{"object":"list","data":[],"usage":{"prompt_tokens":7,"total_tokens":7}}"#
        let gateway = try await GatewayFixture(full: { _ in Answers.whole(text) })
        let body = Array(#"{"model":"e","input":"abc","encoding_format":"base64"}"#.utf8)
        let reply = await gateway.service.forward(
            Received(id: "r", target: "/v1/embeddings?api-version=1", headers: [("x-a", "1")], body: body))
        #expect(try await reply.text() == text)
        let sent = try #require(gateway.full.requests.first)
        #expect(sent.target == "/v1/embeddings?api-version=1" && sent.body == body && sent.chat == nil)
        #expect(sent.headers.map(\.name) == ["x-a"])
        let row = try #require(try await gateway.rows("r").first)
        #expect(row.arm == .passthrough && row.reason == "forwarded" && row.model == "e")
        #expect(row.tokens.sent == SegmentTokens(other: 7) && row.tokens.sentSource == .reported)
    }

    @Test("a call that is no model call has a row without made-up tokens")
    func file() async throws {
        let gateway = try await GatewayFixture(full: { _ in Answers.whole("{}") })
        let reply = await gateway.service.forward(Received(id: "r", method: "GET", target: "/v1/files"))
        _ = try await reply.text()
        let row = try #require(try await gateway.rows("r").first)
        #expect(row.tokens.sent.total == 0 && row.tokens.completion == 0 && row.outcome == .complete)
    }

    @Test("without an upstream a path is unknown")
    func unknown() async throws {
        let gateway = try await GatewayFixture(configure: { $0.defaultBackend = nil })
        let reply = await gateway.service.forward(Received(id: "r", method: "GET", target: "/v1/files"))
        #expect(reply.status == 404)
        #expect(try await gateway.rows("r").map(\.status) == [404])
    }

    @Test("the model list has the gateway's names first and the upstream's bytes after them")
    func models() async throws {
        let list = #"{"object":"list","data":[ {"id":"m","object":"model","x":1.0}]}"#
        let gateway = try await GatewayFixture(full: { _ in Answers.whole(list) })
        let get = Received(id: "r", method: "GET", target: "/v1/models")
        #expect(
            try await gateway.service.models(get).text()
                == #"{"object":"list","data":[{"id":"formulas-v1","object":"model","created":0,"owned_by":"promptintern"},"#
                + #" {"id":"m","object":"model","x":1.0}]}"#)
        let own = await gateway.service.model("formulas-v1", get)
        #expect(try await own.text().contains(#""id":"formulas-v1""#))
    }

    @Test("an upstream that cannot be reached leaves the gateway's own models")
    func modelsAlone() async throws {
        let gateway = try await GatewayFixture(full: { _ throws(BackendError) in throw Answers.error(.connect) })
        let get = Received(id: "r", method: "GET", target: "/v1/models")
        #expect(try await gateway.service.models(get).text().contains("formulas-v1"))
        let lonely = try await GatewayFixture(configure: { $0.defaultBackend = nil })
        #expect(await lonely.service.model("nope", get).status == 404)
    }
}
