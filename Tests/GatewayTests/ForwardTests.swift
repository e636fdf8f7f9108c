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
        let reply = await gateway.service.forward(
            Received(id: "r", method: "GET", target: "/v1/files", headers: [("Accept-Encoding", "gzip")]))
        _ = try await reply.text()
        #expect(gateway.full.requests.first?.headers.first(named: "accept-encoding") == "gzip")
        let row = try #require(try await gateway.rows("r").first)
        #expect(row.tokens.sent.total == 0 && row.tokens.completion == 0 && row.outcome == .complete)
    }

    @Test(
        "a JSON body's model is read whatever its type says, and a form's is left alone",
        arguments: [
            (
                "application/x-www-form-urlencoded", #"{"model":"fast","input":"x"}"#, #"{"model":"m2","input":"x"}"#
            ),
            ("text/plain", "\r\n\t {\"model\" : \"fast\"}", "\r\n\t {\"model\" : \"m2\"}"),
            ("", #"{"model":"fast"}"#, #"{"model":"m2"}"#),
            ("application/x-www-form-urlencoded", "model=fast&input=x", "model=fast&input=x"),
            (
                "multipart/form-data; boundary=b",
                "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nfast\r\n--b--\r\n",
                "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nfast\r\n--b--\r\n"
            ),
            ("Multipart/form-data; boundary=b", #"{"model":"fast"}"#, #"{"model":"fast"}"#),
        ])
    func contentTypes(type: String, body: String, expected: String) async throws {
        let gateway = try await GatewayFixture(configure: {
            $0.routes = [.init(name: "fast", backend: "full", model: "m2")]
        })
        let reply = await gateway.service.forward(
            Received(
                id: "r", target: "/v1/embeddings", headers: type.isEmpty ? [] : [("Content-Type", type)],
                body: Array(body.utf8)))
        _ = try await reply.text()
        #expect(gateway.full.requests.map(\.body) == [Array(expected.utf8)])
        #expect(try await gateway.rows("r").map(\.model) == [expected.contains("m2") ? "m2" : ""])
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
