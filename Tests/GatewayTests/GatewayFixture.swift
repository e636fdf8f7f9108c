import ChatAPI
import Experimentation
import Foundation
import Gateway
import Ledger
import PromptSchema
import Synchronization

/// A backend that answers by script and keeps what it was asked.
final class ScriptedBackend: Backend {
    typealias Script = @Sendable (BackendRequest) async throws(BackendError) -> Reply

    let name: String
    let takesClientKey: Bool
    private let lacking: Set<Feature>
    private let script: Script
    private let log = Mutex<[BackendRequest]>([])

    init(_ name: String, lacking: Set<Feature> = [], takesClientKey: Bool = false, _ script: @escaping Script) {
        self.name = name
        self.takesClientKey = takesClientKey
        self.lacking = lacking
        self.script = script
    }

    var requests: [BackendRequest] { log.withLock { $0 } }

    func unsupported(_ features: Set<Feature>) -> Set<Feature> { features.intersection(lacking) }

    func reply(to request: BackendRequest) async throws(BackendError) -> Reply {
        log.withLock { $0.append(request) }
        return try await script(request)
    }
}

/// Answers as servers give them.
enum Answers {
    static let usage = #""usage":{"prompt_tokens":40,"completion_tokens":3,"total_tokens":43}"#
    static let completion =
        #"{"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"#
        + #""finish_reason":"stop"}],"# + usage + "}"

    static func whole(_ text: String = completion, status: Int = 200, announced: Bool = true) -> Reply {
        var headers: HeaderFields = [("Content-Type", "application/json"), ("x-request-id", "upstream-1")]
        if announced { headers.append(("Content-Length", String(text.utf8.count))) }
        return Reply(status: status, headers: headers, body: ReplyStream(Array(text.utf8)))
    }

    static func chunk(_ content: String) -> String {
        #"data: {"choices":[{"index":0,"delta":{"content":"\#(content)"},"finish_reason":null}]}"# + "\n\n"
    }

    static let finish = #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\n"
    static let usageChunk = #"data: {"choices":[],"# + usage + "}\n\n"
    static let done = "data: [DONE]\n\n"

    /// A stream of these chunks; with `error` it then breaks, else it ends.
    static func events(_ chunks: [String], error: BackendError? = nil) -> Reply {
        let rest = Mutex(chunks[...])
        return Reply(
            status: 200, headers: [("content-type", "text/event-stream")],
            body: ReplyStream {
                if let chunk = rest.withLock({ $0.popFirst() }) { return Array(chunk.utf8) }
                if let error { throw error }
                return nil
            })
    }

    /// A stream that offers these chunks to the taker, as a connection on the client's own loop does.
    static func offered(_ chunks: [String]) -> Reply {
        let rest = Mutex(chunks[...])
        return Reply(
            status: 200, headers: [("content-type", "text/event-stream")],
            body: ReplyStream(passing: { taker in
                while let chunk = rest.withLock({ $0.popFirst() }) {
                    let bytes = Array(chunk.utf8)
                    if taker?(bytes) != true { return bytes }
                }
                return nil
            }))
    }

    static func error(_ code: BackendError.Code, wasSent: Bool = true) -> BackendError {
        BackendError(code, wasSent: wasSent, answer: .upstreamUnavailable(), detail: "scripted")
    }
}

/// A gateway with the task `formulas`, scripted backends `tuned` and `full`, and a ledger in a folder of its own.
struct GatewayFixture {
    static let template = "You translate questions of the Harbour Desk into one spreadsheet formula.\nAlma = QX7\n"
    static let query = "How long is Alma, in \u{201C}feet\u{201D}?"

    let folder: LedgerFolder
    let ledger: LedgerStore
    let tuned: ScriptedBackend
    let full: ScriptedBackend
    let service: GatewayService

    static let matching = ManifestCheck.matches(
        TaskManifest(
            task: "formulas", schemaFingerprint: "f", tokenizerSHA256: "t", baseModel: .init(folder: "b", sha256: "b"),
            adapter: .init(folder: "a", sha256: "a"), stage: .init(tau: 0, k: 0), created: "2026-01-01T00:00:00Z"))

    init(
        mode: Mode = .on, manifest: ManifestCheck = matching, fullModel: String? = nil, allows: Set<String> = [],
        lacking: Set<Feature> = [], takesClientKey: Bool = false,
        configure: (inout GatewayConfiguration) -> Void = { _ in },
        onEvent: @escaping @Sendable (GatewayEvent) -> Void = { _ in },
        tuned: @escaping ScriptedBackend.Script = { _ in Answers.whole() },
        full: @escaping ScriptedBackend.Script = { _ in Answers.whole() }
    ) async throws {
        folder = try LedgerFolder()
        ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        self.tuned = ScriptedBackend("tuned", lacking: lacking, tuned)
        self.full = ScriptedBackend("full", takesClientKey: takesClientKey, full)
        var configuration = GatewayConfiguration(
            tasks: [try Self.task(mode: mode, manifest: manifest, fullModel: fullModel, allows: allows)],
            defaultBackend: "full")
        configure(&configuration)
        service = try await GatewayService(
            configuration, backends: [self.tuned, self.full], ledger: ledger, onEvent: onEvent)
    }

    static func task(
        mode: Mode, manifest: ManifestCheck = matching, fullModel: String? = nil, allows: Set<String> = []
    ) throws -> GatewayTask {
        let schema = try Schema(
            id: "formulas",
            messages: [
                MessagePattern(role: .system, parts: [.template(template)]),
                MessagePattern(role: .user, parts: [.query()]),
            ],
            allows: allows)
        return GatewayTask(
            schema: schema, full: .init(backend: "full", model: fullModel),
            tuned: .init(backend: "tuned", model: "formulas-v1"), manifest: manifest, initialMode: mode)
    }

    /// A request of the task, in a spelling that no encoder would write.
    static func body(
        template: String = template, query: String = query, extra: String = "", model: String = "gpt-x"
    ) -> [UInt8] {
        let system = String(decoding: JSONWriter.encoded(template), as: UTF8.self)
        let user = String(decoding: JSONWriter.encoded(query), as: UTF8.self)
        return Array(
            #"{ "model":"\#(model)" ,"seed":1234567890123456789,"messages" : [{"role":"system","content":\#(system)},"#
                .utf8) + Array(#" {"content":\#(user),"role":"user"} ]\#(extra) }"#.utf8)
    }

    func chat(
        _ body: [UInt8] = body(), headers: HeaderFields = [], id: String = "req-1", gatewayKey: String? = nil
    ) async -> ClientReply {
        await service.chat(Received(id: id, headers: headers, body: body, gatewayKey: gatewayKey))
    }

    func rows(_ id: String = "req-1") async throws -> [LedgerEntry] {
        try await ledger.entries(requestID: id)
    }
}

/// A folder that is removed when the test is over.
final class LedgerFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("gateway-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension ClientReply {
    func header(_ name: String) -> String? { headers.first(named: name) }

    func text() async throws -> String { String(decoding: try await body.collect(), as: UTF8.self) }
}
