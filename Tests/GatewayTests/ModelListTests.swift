import Access
import ChatAPI
import Gateway
import Ledger
import Synchronization
import Testing

@Suite("The model list of an upstream that gives none", .timeLimit(.minutes(1)))
struct ModelListTests {
    private static let refusal = #"{"error":{"message":"no","type":"t","param":null,"code":"c"}}"#
    private static let key: HeaderFields = [("Authorization", "Bearer sk-client")]

    private static func refused(_ status: Int) -> Reply {
        Reply(
            status: status,
            headers: [("Content-Type", "application/json"), ("Retry-After", "7"), ("x-request-id", "upstream-1")],
            body: ReplyStream(Array(refusal.utf8)))
    }

    /// A gateway without names of its own.
    private static func plain(_ full: @escaping ScriptedBackend.Script) async throws -> GatewayFixture {
        try await GatewayFixture(configure: { $0.tasks = [] }, full: full)
    }

    private func get(_ headers: HeaderFields = key, caller: Caller? = nil) -> Received {
        Received(id: "r", method: "GET", target: "/v1/models?a=b", headers: headers, caller: caller)
    }

    private func expectRelayed(_ reply: ClientReply, _ status: Int) async throws {
        #expect(reply.status == status && reply.header("retry-after") == "7")
        #expect(reply.header("x-upstream-request-id") == "upstream-1")
        #expect(try await reply.text() == Self.refusal)
    }

    @Test("without names of the gateway's own the upstream's answer is the client's", arguments: [401, 403, 429, 500])
    func relayed(status: Int) async throws {
        let gateway = try await Self.plain { _ in Self.refused(status) }
        try await expectRelayed(await gateway.service.models(get()), status)
        let sent = try #require(gateway.full.requests.first)
        #expect(sent.target == "/v1/models?a=b" && sent.headers.first(named: "authorization") == "Bearer sk-client")
        #expect(sent.limits == BackendRequest.Limits())
        #expect(try await gateway.rows("r").map(\.status) == [status])
    }

    @Test("without names of the gateway's own a list is the upstream's bytes and fields")
    func untouched() async throws {
        let list = #"{"data" : [ {"id":"m"} ],"x":1.0}"#
        let gateway = try await Self.plain { _ in
            Reply(status: 200, headers: [("ETag", "e"), ("openai-version", "v")], body: ReplyStream(Array(list.utf8)))
        }
        let reply = await gateway.service.models(get())
        #expect(reply.header("etag") == "e" && reply.header("openai-version") == "v")
        #expect(try await reply.text() == list)
    }

    @Test("without names of the gateway's own an upstream that is not there is an error")
    func unreachable() async throws {
        let gateway = try await Self.plain { _ throws(BackendError) in throw Answers.error(.connect, wasSent: false) }
        #expect(await gateway.service.models(get()).status == 502)
    }

    @Test("the default upstream is asked whatever the routing rules say")
    func routing() async throws {
        let gateway = try await GatewayFixture(configure: {
            $0.tasks = []
            $0.rules = [RoutingRule(maxPromptTokens: 20, backend: "tuned")]
        })
        _ = try await gateway.service.models(get()).text()
        _ = try await gateway.service.model("m", get()).text()
        #expect(gateway.full.requests.count == 2 && gateway.tuned.requests.isEmpty)
    }

    @Test("with names of the gateway's own a client still learns that its own key is refused", arguments: [401, 403])
    func ownKey(status: Int) async throws {
        let gateway = try await GatewayFixture(takesClientKey: true, full: { _ in Self.refused(status) })
        try await expectRelayed(await gateway.service.models(get()), status)
        // What it did not send cannot be wrong.
        #expect(await gateway.service.models(get([])).status == 200)
    }

    @Test("with names of the gateway's own every other failure leaves those, and is told", arguments: [401, 429, 500])
    func ownNames(status: Int) async throws {
        let told = Mutex<[BackendError]>([])
        let gateway = try await GatewayFixture(
            takesClientKey: status != 401,
            onEvent: { event in
                if case .backendFailed(_, _, _, let error) = event { told.withLock { $0.append(error) } }
            }, full: { _ in Self.refused(status) })
        let reply = await gateway.service.models(get())
        #expect(reply.status == 200)
        #expect(reply.header("x-promptintern-detail") == "the upstream's models are missing: status \(status)")
        let data = try JSONDocument(try await reply.body.collect()).root["data"]
        #expect(data?.elements.compactMap { $0["id"]?.string?.text } == ["formulas-v1"])
        let statuses = told.withLock { $0.map(\.status) }
        #expect(statuses == [status])
    }

    @Test("a key with scopes gets the upstream's refusal if no name of the gateway's own is left")
    func scoped() async throws {
        let gateway = try await GatewayFixture(full: { _ in Self.refused(429) })
        let caller = try CallerTests.caller(KeyPolicy(name: "a", models: [try #require(Glob("gpt-*"))]))
        let request = get([], caller: caller)
        try await expectRelayed(await gateway.service.models(request), 429)
    }

    @Test("a list with names put in keeps the fields that still hold")
    func fields() async throws {
        let list = #"{"object":"list","data":[{"id":"m"}]}"#
        let gateway = try await GatewayFixture(full: { _ in
            Reply(
                status: 200,
                headers: [
                    ("Content-Type", "application/json; charset=utf-8"), ("Content-Length", "\(list.utf8.count)"),
                    ("ETag", "e"), ("openai-version", "v"), ("x-request-id", "upstream-1"),
                ], body: ReplyStream(Array(list.utf8)))
        })
        let reply = await gateway.service.models(get())
        let text = try await reply.text()
        #expect(text.contains("formulas-v1") && text.hasSuffix(#"{"id":"m"}]}"#))
        #expect(
            reply.headers.filter { $0.name.lowercased() == "content-length" }.map(\.value) == ["\(text.utf8.count)"])
        #expect(reply.headers.filter { $0.name.lowercased() == "content-type" }.count == 1)
        #expect(reply.header("etag") == nil && reply.header("openai-version") == "v")
        #expect(reply.header("x-request-id") == "r" && reply.header("x-upstream-request-id") == "upstream-1")
    }
}
