import Backends
import ChatAPI
import Engine
import Gateway
import TestSupport
import Testing

@Suite("The embedded engine as a backend")
struct EngineBackendTests {
    private let model: TinyChatModel
    private let service: EngineService
    private let backend: EngineBackend

    init() throws {
        model = try TinyChatModel()
        service = try model.service()
        backend = model.backend(service)
    }

    @Test("a whole answer is the model's text, with the tokens that were processed", arguments: ["base", "tuned"])
    func whole(name: String) async throws {
        let expected = try model.reference(adapter: name == "tuned", tokens: 20)
        let request = try TinyChatModel.request(model: name, extra: #","max_tokens":20"#)
        let reply = try await backend.reply(to: request)
        let answer = try ParsedAnswer(completion: try await reply.body.collect())
        #expect(reply.status == 200)
        #expect(answer.text == expected.text)
        #expect(answer.finishReason == expected.reason.rawValue)
        #expect(answer.usage?.promptTokens == expected.prompt && answer.usage?.completionTokens == expected.tokens)
        #expect(answer.model == "client-name")
        #expect(reply.counted?.prompt == expected.prompt && reply.counted?.completion == expected.tokens)
        #expect(reply.counted?.firstToken != nil)
    }

    @Test("base and adapter answer differently")
    func adapters() throws {
        #expect(try model.reference(tokens: 20).text != model.reference(adapter: true, tokens: 20).text)
    }

    @Test("a stream holds the same text in several events, and usage only if asked", arguments: [true, false])
    func stream(usage: Bool) async throws {
        let expected = try model.reference(tokens: 20)
        let options = usage ? #","stream_options":{"include_usage":true}"# : ""
        let request = try TinyChatModel.request(extra: #","stream":true,"max_tokens":20"# + options)
        let reply = try await backend.reply(to: request)
        #expect(reply.headers.first(named: "content-type")?.hasPrefix("text/event-stream") == true)
        let answer = try ParsedAnswer(events: try await reply.body.collect())
        #expect(answer.text == expected.text && answer.isDone && answer.chunks > 3)
        #expect(answer.finishReason == expected.reason.rawValue)
        #expect(answer.usage?.totalTokens == (usage ? expected.prompt + expected.tokens : nil))
    }

    @Test("a stop string ends the answer exactly before it", arguments: [true, false])
    func stop(streams: Bool) async throws {
        let expected = try model.reference(tokens: 20).text
        let letters = Array(expected)
        let stop = String(letters[6..<min(9, letters.count)])
        let cut = try #require(expected.firstRange(of: stop))
        let encoded = String(decoding: JSONWriter.encoded(stop), as: UTF8.self)
        let request = try TinyChatModel.request(extra: #","max_tokens":20,"stream":\#(streams),"stop":[\#(encoded)]"#)
        let bytes = try await backend.reply(to: request).body.collect()
        let answer = try streams ? ParsedAnswer(events: bytes) : ParsedAnswer(completion: bytes)
        #expect(answer.text == String(expected[..<cut.lowerBound]))
        #expect(answer.finishReason == "stop")
    }

    @Test("an engine that a configuration lets go of ends the answers that it has begun, and then itself")
    func release() async throws {
        weak var released: EngineService?
        func begin() async throws -> Reply {
            let service = try model.service()
            released = service
            let request = try TinyChatModel.request(extra: #","stream":true,"max_tokens":100"#)
            return try await model.backend(service).reply(to: request)
        }
        func finish() async throws {
            let reply = try await begin()
            #expect(released != nil)
            let answer = try ParsedAnswer(events: try await reply.body.collect())
            #expect(answer.isDone && answer.finishReason != "error" && !answer.text.isEmpty)
        }
        try await finish()
        #expect(await eventually(within: .seconds(5)) { released == nil })
    }

    @Test("an answer is cut where the context ends, and a prompt that fills it is refused")
    func context() async throws {
        let long = try TinyChatModel.request(extra: #","max_tokens":100000"#)
        let answer = try ParsedAnswer(completion: try await backend.reply(to: long).body.collect())
        #expect((answer.usage?.totalTokens ?? 0) <= 256)
        let full = try TinyChatModel.request(String(repeating: "xyz ", count: 300))
        let error = await #expect(throws: BackendError.self) { _ = try await backend.reply(to: full) }
        #expect(error?.code == .refused && error?.answer.code == "context_length_exceeded" && error?.wasSent == false)
    }

    @Test("equal seeds give equal answers, and no seed gives different ones")
    func seeds() async throws {
        func text(_ extra: String) async throws -> String {
            let extra = #","max_tokens":20,"ignore_eos":true"# + extra
            let request = try TinyChatModel.request(extra: extra)
            let body = String(decoding: request.body, as: UTF8.self).replacing(
                #""temperature":0,"#, with: #""temperature":1,"#)
            let sampled = BackendRequest(
                id: "r", body: [], model: "base",
                chat: .init(request: try ChatRequest(Array(body.utf8))))
            return try ParsedAnswer(completion: try await backend.reply(to: sampled).body.collect()).text
        }
        #expect(try await text(#","seed":5"#) == text(#","seed":5"#))
        #expect(try await text("") != text(""))
    }

    @Test(
        "what the engine cannot do is refused, never ignored",
        arguments: [#","tools":[{"type":"function"}]"#, #","reasoning_effort":"high""#, #","top_a":3"#])
    func refused(extra: String) async throws {
        let request = try TinyChatModel.request(extra: extra)
        let error = await #expect(throws: BackendError.self) { _ = try await backend.reply(to: request) }
        #expect(error?.code == .refused && error?.answer.status == 400)
        #expect(error?.answer.code == "unsupported_feature")
    }

    @Test("more messages or stop strings than the engine takes are refused before they are read")
    func tooMany() async throws {
        let stops = Array(repeating: #""a""#, count: 17).joined(separator: ",")
        let messages = Array(repeating: #"{"role":"user","content":"a"}"#, count: 2_001).joined(separator: ",")
        for (messages, extra) in [(#"{"role":"user","content":"a"}"#, #","stop":[\#(stops)]"#), (messages, "")] {
            let body = Array(#"{"model":"m","messages":[\#(messages)]\#(extra)}"#.utf8)
            let request = BackendRequest(
                id: "r", body: body, model: "base", chat: .init(request: try ChatRequest(body)))
            let error = await #expect(throws: BackendError.self) { _ = try await backend.reply(to: request) }
            #expect(error?.code == .refused && error?.answer.status == 400)
            #expect(error?.answer.code == "invalid_value")
        }
    }

    @Test("an unknown model and a path that is no chat are refused")
    func unknown() async throws {
        let request = try TinyChatModel.request(model: "nobody")
        let error = await #expect(throws: BackendError.self) { _ = try await backend.reply(to: request) }
        #expect(error?.answer.status == 404)
        let other = BackendRequest(id: "r", target: "/v1/moderations", body: [], model: "base")
        let second = await #expect(throws: BackendError.self) { _ = try await backend.reply(to: other) }
        #expect(second?.answer.status == 404)
    }

    @Test("letting go of a stream frees the engine for the next request")
    func abandoned() async throws {
        let big = try TinyChatModel(maximumPositions: 20_000)
        let service = try big.service()
        let backend = big.backend(service)
        do {
            let request = try TinyChatModel.request(extra: #","stream":true"#)
            let reply = try await backend.reply(to: request)
            _ = try await reply.body.next()
        }
        #expect(await eventually { service.load.running == 0 })
    }

    @Test("a generation that does not begin in time is given up")
    func deadline() async throws {
        let big = try TinyChatModel(maximumPositions: 20_000)
        let service = try big.service()
        let backend = big.backend(service)
        // The one worker is busy with this one.
        let first = try await backend.reply(to: try TinyChatModel.request(extra: #","stream":true"#))
        let late = try TinyChatModel.request(extra: "", limits: .init(firstByte: .milliseconds(30)))
        let error = await #expect(throws: BackendError.self) { _ = try await backend.reply(to: late) }
        #expect(error?.code == .firstByteTimeout && error?.answer.status == 504)
        _ = try await first.body.next()
    }

    @Test("full prompts of an engine have the engine's own limits")
    func ownLimits() async throws {
        let big = try TinyChatModel(maximumPositions: 20_000)
        let service = try big.service()
        let backend = EngineBackend(
            name: "engine", service: service, tokenizer: big.tokenizer, template: big.template, baseModel: "base",
            limits: .init(total: .milliseconds(60)))
        let request = try TinyChatModel.request(extra: #","max_tokens":19000"#)
        let error = await #expect(throws: BackendError.self) { _ = try await backend.reply(to: request) }
        #expect(error?.code == .timeout && error?.answer.status == 504)
    }

    @Test("a full queue is an overflow that nothing was sent to")
    func overflow() async throws {
        let big = try TinyChatModel(maximumPositions: 20_000)
        let service = try big.service(queueLimit: 0)
        let backend = big.backend(service)
        let first = try await backend.reply(to: try TinyChatModel.request(extra: #","stream":true"#))
        _ = try await first.body.next()
        let error = await #expect(throws: BackendError.self) {
            _ = try await backend.reply(to: try TinyChatModel.request())
        }
        #expect(error?.code == .overflow && error?.wasSent == false && error?.answer.status == 503)
        _ = try await first.body.next()
    }
}
