import Backends
import ChatAPI
import Engine
import Experimentation
import Foundation
import Gateway
import Ledger
import PromptSchema
import TestSupport
import Testing
import Tokenization
import Transport

/// A gateway whose tuned model is a real engine and whose full-prompt backend is across a socket.
private struct ServingFixture {
    static let template = "You translate questions of the Harbour Desk into one spreadsheet formula.\nAlma = QX7\n"
    static let answer =
        #"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"up"},"finish_reason":"stop"}],"#
        + #""usage":{"prompt_tokens":30,"completion_tokens":1,"total_tokens":31}}"#

    let model: TinyChatModel
    let engine: EngineService
    let server: ScriptedServer
    let ledger: LedgerStore
    let folder: TinyModelFolder
    let gateway: GatewayService

    init(
        queueLimit: Int = 8, positions: Int = 1024, tunedServer: Bool = false, tunedModel: String = "tuned",
        isPoisoned: Bool = false, answer: AnswerRule = AnswerRule(), structured: StructuredOutputs? = nil,
        limits: BackendRequest.Limits = .init(),
        _ script: @escaping ScriptedServer.Script = { _ in [.response(body: Array(ServingFixture.answer.utf8))] }
    ) async throws {
        model = try TinyChatModel(maximumPositions: positions, isPoisoned: isPoisoned)
        engine = try model.service(queueLimit: queueLimit)
        server = try ScriptedServer(script)
        folder = try TinyModelFolder()
        ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        let transport = try CurlTransport()
        let endpoint = try UpstreamEndpoint(server.baseURL)
        let schema = try Schema(
            id: "formulas",
            messages: [
                MessagePattern(role: .system, parts: [.template(Self.template)]),
                MessagePattern(role: .user, parts: [.query()]),
            ], allows: ["response_format", "multiple_choices", "logprobs"], answer: answer)
        var options = UpstreamOptions()
        options.structuredOutputs = structured
        let manifest = TaskManifest(
            task: "formulas", schemaFingerprint: schema.fingerprint, tokenizerSHA256: model.tokenizer.fingerprint,
            baseModel: .init(folder: "base", sha256: ""), adapter: .init(folder: "adapter", sha256: ""),
            stage: .init(tau: 0, k: 0), created: "2026-01-01T00:00:00Z")
        let check = ManifestCheck(
            manifest, task: "formulas",
            facts: ManifestFacts(
                schemaFingerprint: schema.fingerprint, tokenizerSHA256: model.tokenizer.fingerprint))
        let task = GatewayTask(
            schema: schema, full: .init(backend: "up"),
            tuned: .init(backend: tunedServer ? "local" : "engine", model: tunedModel, limits: limits), manifest: check,
            counter: PromptCounter(tokenizer: model.tokenizer, template: model.template), initialMode: .on)
        gateway = try await GatewayService(
            GatewayConfiguration(tasks: [task], defaultBackend: "up"),
            backends: [
                model.backend(engine), UpstreamBackend(name: "up", endpoint: endpoint, transport: transport),
                ServerBackend(name: "local", endpoints: [endpoint], transport: transport, options: options),
            ],
            ledger: ledger)
    }

    static func body(template: String = template, extra: String = "") -> [UInt8] {
        let system = String(decoding: JSONWriter.encoded(template), as: UTF8.self)
        return Array(
            (#"{"model":"gpt-x","seed":1, "temperature":0,"max_tokens":12,"messages":[{"role":"system","content":"#
                + system
                + #"},{"role":"user","content":"How long?"}]"# + extra + "}").utf8)
    }

    func chat(_ body: [UInt8] = body()) async -> ClientReply {
        await gateway.chat(Received(id: "r", headers: [("content-type", "application/json")], body: body))
    }

    func rows() async throws -> [LedgerEntry] { try await ledger.entries(requestID: "r") }
}

@Suite("A gateway with a real engine and a real upstream")
struct ServingTests {
    @Test("the engine answers the query alone, and header, usage and ledger agree", arguments: [true, false])
    func tuned(streams: Bool) async throws {
        let serving = try await ServingFixture()
        let extra = streams ? #","stream":true,"stream_options":{"include_usage":true}"# : ""
        let reply = await serving.chat(ServingFixture.body(extra: extra))
        let bytes = try await reply.body.collect()
        let answer = try streams ? ParsedAnswer(events: bytes) : ParsedAnswer(completion: bytes)
        let expected = try serving.model.reference("How long?", adapter: true, tokens: 12)
        #expect(answer.text == expected.text && answer.model == "gpt-x")
        let after = reply.headers.first(named: GatewayHeader.tokensAfter)
        #expect(after == String(expected.prompt))
        #expect(answer.usage?.promptTokens == expected.prompt)
        let row = try #require(try await serving.rows().first)
        #expect(row.tokens.sent.total == expected.prompt && row.tokens.sentSource == .counted)
        #expect(row.tokens.completion == expected.tokens && row.tokens.completionSource == .counted)
        #expect(String(row.tokens.full.total) == reply.headers.first(named: GatewayHeader.tokensBefore))
        #expect(row.outcome == .complete && row.timeToFirstToken != nil)
        let totals = try await serving.gateway.savings().totals
        let saved = row.tokens.full.total - row.tokens.sent.total
        #expect(totals.tokens.prompt.saved == saved && saved > 0)
        #expect(serving.server.requests.isEmpty)
    }

    @Test("an untrained prompt and one with a changed byte arrive at the upstream byte for byte")
    func full() async throws {
        let serving = try await ServingFixture()
        let drifted = ServingFixture.template.replacing("QX7", with: "QX8")
        for template in ["Another prompt.", drifted] {
            _ = try await serving.chat(ServingFixture.body(template: template)).body.collect()
        }
        #expect(
            serving.server.requests.map(\.body) == [
                ServingFixture.body(template: "Another prompt."), ServingFixture.body(template: drifted),
            ])
    }

    @Test("an engine without room leaves the request to the upstream, in two rows")
    func busy() async throws {
        let serving = try await ServingFixture(queueLimit: 0, positions: 20_000)
        // Keeps the one worker busy.
        let long = try serving.engine.generate(prompt: [1, 2, 3], options: GenerationOptions(endTokens: []))
        #expect(await eventually { serving.engine.load.running == 1 })
        let reply = await serving.chat()
        #expect(String(decoding: try await reply.body.collect(), as: UTF8.self) == ServingFixture.answer)
        long.cancel()
        let rows = try await serving.rows()
        #expect(rows.map(\.backend) == ["engine", "up"] && rows.map(\.isFinal) == [false, true])
        #expect(rows[0].tokens.sent.total == 0 && rows[1].reason == "tuned_refused")
    }

    @Test(
        "a missing adapter, logits that are no numbers and a full context leave the request to the upstream",
        arguments: ["adapter", "numbers", "context"], [false, true])
    func localFault(kind: String, streams: Bool) async throws {
        let serving = try await ServingFixture(
            positions: kind == "context" ? 8 : 1024, tunedModel: kind == "adapter" ? "absent" : "tuned",
            isPoisoned: kind == "numbers")
        let reply = await serving.chat(ServingFixture.body(extra: streams ? #","stream":true"# : ""))
        #expect(String(decoding: try await reply.body.collect(), as: UTF8.self) == ServingFixture.answer)
        let rows = try await serving.rows()
        #expect(rows.map(\.backend) == ["engine", "up"] && rows.map(\.outcome) == [.failed, .complete])
        #expect(rows.map(\.reason) == ["on", kind == "numbers" ? "tuned_failed" : "tuned_refused"])
        #expect(serving.server.requests.count == 1)
    }

    @Test("a request whose caller's time is over while it waits for the engine is never started")
    func expired() async throws {
        let serving = try await ServingFixture(positions: 20_000)
        let long = try serving.engine.generate(prompt: [1, 2, 3], options: GenerationOptions(endTokens: []))
        #expect(await eventually { serving.engine.load.running == 1 })
        let headers: HeaderFields = [("content-type", "application/json"), ("x-promptintern-timeout", "0.1")]
        let reply = await serving.gateway.chat(Received(id: "r", headers: headers, body: ServingFixture.body()))
        #expect(reply.status == 504)
        #expect(serving.engine.load.waiting == 0 && serving.server.requests.isEmpty)
        long.cancel()
        let rows = try await serving.rows()
        #expect(rows.last?.isFinal == true && rows.allSatisfy { $0.tokens.completion == 0 })
    }

    @Test("an engine that does not begin in time leaves the request to the upstream")
    func late() async throws {
        let serving = try await ServingFixture(positions: 20_000, limits: .init(firstByte: .milliseconds(40)))
        let long = try serving.engine.generate(prompt: [1, 2, 3], options: GenerationOptions(endTokens: []))
        let reply = await serving.chat(ServingFixture.body(extra: #","stream":true"#))
        #expect(reply.headers.first(named: GatewayHeader.reason) == "tuned_timeout")
        _ = try await reply.body.collect()
        long.cancel()
        #expect(try await serving.rows().map(\.outcome) == [.failed, .complete])
    }

    @Test("a local server gets the query, the adapter's name, and a question for usage that the client never sees")
    func localServer() async throws {
        let chunk = #"data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}"# + "\n\n"
        let usage = #"data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"# + "\n\n"
        let serving = try await ServingFixture(tunedServer: true) { _ in
            [
                .chunkedHead(headers: [("Content-Type", "text/event-stream")]), .chunk(chunk), .chunk(usage),
                .chunk("data: [DONE]\n\n"), .lastChunk,
            ]
        }
        let reply = await serving.chat(ServingFixture.body(extra: #","stream":true"#))
        let text = String(decoding: try await reply.body.collect(), as: UTF8.self)
        #expect(text == chunk + "data: [DONE]\n\n")
        #expect(
            serving.server.requests.map(\.bodyText) == [
                #"{"model":"tuned","seed":1, "temperature":0,"max_tokens":12,"messages":[{"role":"user","content":"#
                    + #""How long?"}],"stream":true,"stream_options":{"include_usage":true}}"#
            ])
        let row = try #require(try await serving.rows().first)
        #expect(row.tokens.sent.total == 9 && row.tokens.completion == 4 && row.tokens.sentSource == .reported)
    }

    @Test("an upstream cut in mid-stream breaks the client's stream")
    func cut() async throws {
        let serving = try await ServingFixture { _ in
            [
                .chunkedHead(headers: [("Content-Type", "text/event-stream")]), .chunk("data: {\"choices\":[]}\n\n"),
                .close,
            ]
        }
        let reply = await serving.chat(ServingFixture.body(template: "x", extra: #","stream":true"#))
        await #expect(throws: BackendError.self) { _ = try await reply.body.collect() }
        #expect(try await serving.rows().map(\.outcome) == [.partial])
    }

    @Test("a client that leaves closes the upstream's connection, and the row says aborted")
    func leaves() async throws {
        let serving = try await ServingFixture { _ in
            [
                .chunkedHead(headers: [("Content-Type", "text/event-stream")]), .chunk("data: {\"choices\":[]}\n\n"),
                .hold,
            ]
        }
        do {
            let reply = await serving.chat(ServingFixture.body(template: "x", extra: #","stream":true"#))
            _ = try await reply.body.next()
        }
        #expect(await eventually { serving.server.clientClosed(0) != nil })
        var rows: [LedgerEntry] = []
        for _ in 0..<500 where rows.isEmpty {
            rows = try await serving.rows()
            try await Task.sleep(for: .milliseconds(4))
        }
        #expect(rows.map(\.outcome) == [.aborted])
    }

    @Test(
        "a task's grammar holds the engine's tuned answers, a request's own response format takes its place",
        arguments: [
            (AnswerForm.regularExpression("=(SUM|LEN)[(][A-C]{2}[)]"), "", "=(SUM|LEN)\\([A-C]{2}\\)"),
            (.jsonSchema(Array(#"{"type":"integer","minimum":40,"maximum":49}"#.utf8)), "", "4[0-9]"),
            (
                .regularExpression("a"),
                #","response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"enum":[17]}}}"#, "17"
            ),
        ], [1, 4])
    func answerForms(_ answer: (form: AnswerForm, extra: String, expected: String), beams: Int) async throws {
        let (form, extra, expected) = answer
        let fixture = try await ServingFixture(answer: AnswerRule(form: form, beams: beams))
        let reply = await fixture.chat(ServingFixture.body(extra: extra))
        let root = try JSONDocument(try await reply.body.collect()).root
        let choice = try #require(root["choices"]?.elements.first { _ in true })
        let text = try #require(choice["message"]?["content"]?.string?.text)
        #expect(try Regex(expected).wholeMatch(in: text) != nil, "\(text)")
        #expect(choice["finish_reason"]?.string?.text == "stop")
        #expect(try await fixture.rows().map(\.arm) == [.internalized])
        #expect(fixture.server.requests.isEmpty)
    }

    @Test("a task's answers are searched for with its beams, unless a request wants them drawn or wants several")
    func beams() async throws {
        let fixture = try await ServingFixture(answer: AnswerRule(beams: 4))
        func text(_ extra: String = "") async throws -> String? {
            let reply = await fixture.chat(ServingFixture.body(extra: extra))
            let root = try JSONDocument(try await reply.body.collect()).root
            return root["choices"]?.elements.first { _ in true }?["message"]?["content"]?.string?.text
        }
        let token = try fixture.model.reference("How long?", adapter: true, tokens: 12)
        let whole = try fixture.model.reference("How long?", adapter: true, tokens: 12, beams: 4)
        #expect(token.text != whole.text)
        #expect(try await text() == whole.text)
        #expect(try await text(#","n":2"#) == token.text)
        #expect(try await text(#","logprobs":true"#) == whole.text)
        #expect(try await fixture.rows().allSatisfy { $0.arm == .internalized })
    }

    @Test("a server is told a task's grammar in its own fields, and full prompts are left alone")
    func serverForms() async throws {
        let fixture = try await ServingFixture(
            tunedServer: true, answer: AnswerRule(form: .regularExpression("a|b")), structured: .vllm)
        _ = try await fixture.chat().body.collect()
        _ = try await fixture.chat(ServingFixture.body(template: "Other.")).body.collect()
        let bodies = fixture.server.requests.map(\.bodyText)
        #expect(bodies.count == 2)
        #expect(bodies.first?.hasSuffix(#","structured_outputs":{"regex":"a|b"}}"#) == true)
        #expect(bodies.last?.contains("structured_outputs") == false)
        let own = #","response_format":{"type":"json_object"}"#
        _ = try await fixture.chat(ServingFixture.body(extra: own)).body.collect()
        #expect(fixture.server.requests.last?.bodyText.contains("structured_outputs") == false)
    }

    @Test(
        "each server's fields are those that it documents",
        arguments: [
            (
                StructuredOutputs.responseFormat, AnswerForm.jsonSchema(Array("{}".utf8)),
                #"response_format={"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{}}}"#
            ),
            (.responseFormat, .regularExpression("a"), ""),
            (.vllm, .jsonSchema(Array("{}".utf8)), #"structured_outputs={"json":{}}"#),
            (.llamaCpp, .jsonSchema(Array("{}".utf8)), "json_schema={}"),
            (.llamaCpp, .regularExpression("a"), #"grammar="root ::= [\\x61]""#),
        ])
    func fields(dialect: StructuredOutputs, form: AnswerForm, expected: String) {
        let fields = dialect.fields(for: form)?.map { "\($0.name)=\(String(decoding: $0.value, as: UTF8.self))" }
        #expect((fields?.joined() ?? "") == expected)
    }
}
