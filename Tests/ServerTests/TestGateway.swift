import Access
import ChatAPI
import Foundation
import Gateway
import Ledger
import Synchronization
import TestSupport

@testable import Server

/// A backend whose answers are a test's own.
struct ClosureBackend: Backend {
    let name = "scripted"
    let answer: @Sendable (BackendRequest) async throws(BackendError) -> Reply

    func unsupported(_ features: Set<Feature>) -> Set<Feature> { [] }

    func reply(to request: BackendRequest) async throws(BackendError) -> Reply { try await answer(request) }
}

/// A whole gateway on ports of its own, in this process.
final class TestGateway: Sendable {
    let port: Int
    let adminPort: Int
    let ledger: LedgerStore
    /// What became of the requests so far.
    let records: RequestRecords
    private let folder: TinyModelFolder
    private let server: GatewayServer
    private let running: Task<Void, any Error>

    /// Runs `body` with a gateway in front of the backend, then stops the gateway.
    static func with(
        keys: [String] = [], bodyBytes: Int = 1 << 20, idle: Duration = .seconds(5), drain: Duration = .seconds(30),
        configure: (inout ListenOptions) -> Void = { _ in },
        answer: @escaping @Sendable (BackendRequest) async throws(BackendError) -> Reply,
        _ body: (TestGateway) async throws -> Void
    ) async throws {
        var options = ListenOptions(host: "127.0.0.1", port: 0, bodyBytes: bodyBytes, idle: idle)
        configure(&options)
        let gateway = try await TestGateway(keys: keys, options: options, drain: drain, answer: answer)
        do {
            try await body(gateway)
        } catch {
            try? await gateway.stop()
            throw error
        }
        try await gateway.stop()
    }

    private init(
        keys names: [String], options: ListenOptions, drain: Duration,
        answer: @escaping @Sendable (BackendRequest) async throws(BackendError) -> Reply
    ) async throws {
        folder = try TinyModelFolder()
        ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        let service = try await GatewayService(
            GatewayConfiguration(defaultBackend: "scripted"), backends: [ClosureBackend(answer: answer)],
            ledger: ledger)
        let keys = try KeyRing(
            path: folder.path + "/keys.sqlite", fixed: names.map { StaticKey(key: $0) }, interval: .milliseconds(50))
        try keys.start()
        let (addresses, source) = AsyncStream<(String, String)>.makeStream()
        let records = RequestRecords()
        let server = try GatewayServer(
            LiveGateway(service), main: options, admin: ListenOptions(host: "127.0.0.1", port: 0), keys: keys,
            drain: drain,
            onListening: { source.yield(($0, $1)) }, onRequest: { records.add($0) },
            actions: AdminActions(metrics: { "" }, reload: { .takenOver(restartRequired: []) }))
        self.server = server
        self.records = records
        running = Task { try await server.run() }
        var iterator = addresses.makeAsyncIterator()
        guard let (main, admin) = await iterator.next(), let port = Self.port(main), let adminPort = Self.port(admin)
        else { throw NotStarted() }
        (self.port, self.adminPort) = (port, adminPort)
    }

    /// Asks it to stop; returns when it has.
    func stop() async throws {
        await server.stop()
        do { try await running.value } catch is CancellationError {}
        await ledger.close()
    }

    /// The main listener's routes.
    var routes: [RouteTable.Route] { server.routes }

    /// The admin listener's routes.
    var adminRoutes: [RouteTable.Route] { server.adminRoutes }

    var load: ServerLoad { server.load }

    func beginStop() async { await server.stop() }

    private static func port(_ address: String) -> Int? { address.split(separator: ":").last.flatMap { Int($0) } }
}

struct NotStarted: Error {}

/// A number that several tasks add to.
final class Counter: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }

    @discardableResult
    func add(_ amount: Int) -> Int {
        number.withLock { number in
            number += amount
            return number
        }
    }
}

/// Keeps what became of requests.
final class RequestRecords: Sendable {
    private let records = Mutex<[RequestRecord]>([])

    var all: [RequestRecord] { records.withLock { $0 } }

    func add(_ record: RequestRecord) { records.withLock { $0.append(record) } }
}

extension Reply {
    /// A whole JSON answer.
    static func json(_ text: String, status: Int = 200, headers: HeaderFields = []) -> Reply {
        Reply(
            status: status,
            headers: [("content-type", "application/json"), ("content-length", String(text.utf8.count))] + headers,
            body: ReplyStream(Array(text.utf8)))
    }

    /// A stream of events.
    static func events(_ next: @escaping @Sendable (Int) async throws -> [UInt8]?) -> Reply {
        let count = Counter()
        return Reply(
            status: 200, headers: [("content-type", "text/event-stream")],
            body: ReplyStream { try await next(count.add(1) - 1) })
    }
}

let chatBody = #"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#

/// The bytes of a request.
func request(_ method: String, _ target: String, _ headers: String = "", body: String = "") -> String {
    let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
    return "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\(length)\(headers)\r\n\(body)"
}

/// A value that several tasks change.
final class Box<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
}
