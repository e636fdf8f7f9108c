import Backends
import ChatAPI
import Experimentation
import Foundation
import Gateway
import Ledger
import PromptSchema
import TestSupport
import Transport

/// A gateway with a task whose tuned model is a server, and an upstream for everything else.
struct FaultFixture {
    static let template = "You translate questions of the Harbour Desk into one spreadsheet formula.\n"
    static let usage = #""usage":{"prompt_tokens":30,"completion_tokens":1,"total_tokens":31}"#
    static let answer =
        #"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"up"},"finish_reason":"stop"}],"#
        + usage + "}"
    static let chunk = #"data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"# + "\n\n"
    static let finish = #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\n"
    static let done = "data: [DONE]\n\n"
    static let json: [(name: String, value: String)] = [("Content-Type", "application/json")]
    static let events: [(name: String, value: String)] = [("Content-Type", "text/event-stream")]

    /// A sound answer, streamed or not.
    static func sound(_ request: RecordedRequest) -> [ScriptedStep] {
        guard request.bodyText.contains(#""stream":true"#) else {
            return [.response(headers: json, body: Array(answer.utf8))]
        }
        return [.chunkedHead(headers: events), .chunk(chunk), .chunk(finish), .chunk(done), .lastChunk]
    }

    /// What the client and the ledger saw of one request.
    struct Outcome {
        var status = 0
        var headers: HeaderFields = []
        var text = ""
        /// Whether the answer ended as a broken connection.
        var isBroken = false
        var rows: [LedgerEntry] = []
        var time = Duration.zero
    }

    let gateway: GatewayService
    let ledger: LedgerStore
    private let folder: TinyModelFolder

    static let limits = TransportLimits(
        connect: .seconds(5), firstByte: .seconds(5), idle: .seconds(5), total: .seconds(20))
    /// For servers that say nothing.
    static let hurried = TransportLimits(
        connect: .milliseconds(500), firstByte: .milliseconds(500), idle: .milliseconds(500), total: .seconds(5))

    /// - Parameters:
    ///   - tuned: the base URL of the task's tuned model; nil for a task without one.
    ///   - upstreams: the base URLs of the upstream's endpoints.
    ///   - limits: those of both.
    ///   - firstToken: the tuned model's limit; that of the first byte if nil.
    init(
        tuned: String? = nil, upstreams: [String], key: String? = nil, authorities: String? = nil,
        tunedBreaker: CircuitBreaker.Options = .init(), limits: TransportLimits = limits,
        firstToken: Duration? = nil,
        configure: (inout GatewayConfiguration) -> Void = { _ in }, options: (inout UpstreamOptions) -> Void = { _ in }
    ) async throws {
        folder = try TinyModelFolder()
        ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        let transport = try CurlTransport()
        let schema = try Schema(
            id: "formulas",
            messages: [
                MessagePattern(role: .system, parts: [.template(Self.template)]),
                MessagePattern(role: .user, parts: [.query()]),
            ])
        let manifest = TaskManifest(
            task: "formulas", schemaFingerprint: schema.fingerprint, tokenizerSHA256: "t",
            baseModel: .init(folder: "base", sha256: ""), adapter: .init(folder: "adapter", sha256: ""),
            stage: .init(tau: 0, k: 0), created: "2026-01-01T00:00:00Z")
        let task = GatewayTask(
            schema: schema, full: .init(backend: "up"),
            tuned: tuned.map { _ in
                .init(backend: "local", model: "tuned", limits: .init(firstByte: firstToken ?? limits.firstByte))
            },
            manifest: .matches(manifest), initialMode: .on, breaker: CircuitBreaker(tunedBreaker))
        var settings = UpstreamOptions()
        settings.limits = limits
        let connection = EndpointOptions(certificateAuthorities: authorities)
        var backends: [any Backend] = []
        if let tuned {
            let endpoint = try UpstreamEndpoint(tuned, options: connection)
            settings.breaker = tunedBreaker
            backends.append(
                ServerBackend(name: "local", endpoints: [endpoint], transport: transport, options: settings))
        }
        settings.breaker = .init()
        options(&settings)
        let endpoints = try upstreams.map { try UpstreamEndpoint($0, options: connection) }
        backends.append(
            UpstreamBackend(name: "up", endpoints: endpoints, key: key, transport: transport, options: settings))
        var configuration = GatewayConfiguration(tasks: [task], defaultBackend: "up")
        configure(&configuration)
        gateway = try await GatewayService(configuration, backends: backends, ledger: ledger)
    }

    /// A request of the task, or of none.
    static func body(task: Bool, streams: Bool, extra: String = "", model: String = "gpt-x") -> [UInt8] {
        let system = String(decoding: JSONWriter.encoded(task ? template : "Another prompt."), as: UTF8.self)
        return Array(
            (#"{"model":"\#(model)","messages":[{"role":"system","content":"# + system
                + #"},{"role":"user","content":"How long?"}]"# + (streams ? #","stream":true"# : "") + extra + "}").utf8
        )
    }

    func chat(
        task: Bool = false, streams: Bool = false, extra: String = "", headers: HeaderFields = [],
        onChunk: () -> Void = {}
    ) async throws -> Outcome {
        try await send(Self.body(task: task, streams: streams, extra: extra), headers: headers, onChunk: onChunk)
    }

    func send(
        _ body: [UInt8], to target: String = "/v1/chat/completions", headers: HeaderFields = [],
        onChunk: () -> Void = {}
    ) async throws -> Outcome {
        let id = Received.newID()
        let received = Received(
            id: id, target: target, headers: [("content-type", "application/json")] + headers, body: body)
        let stopwatch = Stopwatch()
        let reply = await (target.hasPrefix("/v1/chat/") ? gateway.chat(received) : gateway.forward(received))
        var outcome = Outcome(status: reply.status, headers: reply.headers)
        var bytes: [UInt8] = []
        do {
            while let chunk = try await reply.body.next() {
                bytes += chunk
                onChunk()
            }
        } catch {
            outcome.isBroken = true
        }
        outcome.time = stopwatch.stop()
        outcome.text = String(decoding: bytes, as: UTF8.self)
        outcome.rows = try await ledger.entries(requestID: id)
        return outcome
    }
}
