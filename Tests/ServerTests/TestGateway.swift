import ChatAPI
import Foundation
import Gateway
import Ledger
import Server
import Synchronization
import TestSupport

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
        keys: [String] = [], bodyBytes: Int = 1 << 20, idle: Duration = .seconds(5),
        answer: @escaping @Sendable (BackendRequest) async throws(BackendError) -> Reply,
        _ body: (TestGateway) async throws -> Void
    ) async throws {
        let gateway = try await TestGateway(keys: keys, bodyBytes: bodyBytes, idle: idle, answer: answer)
        do {
            try await body(gateway)
        } catch {
            try? await gateway.stop()
            throw error
        }
        try await gateway.stop()
    }

    private init(
        keys names: [String], bodyBytes: Int, idle: Duration,
        answer: @escaping @Sendable (BackendRequest) async throws(BackendError) -> Reply
    ) async throws {
        folder = try TinyModelFolder()
        ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        let service = try await GatewayService(
            GatewayConfiguration(defaultBackend: "scripted"), backends: [ClosureBackend(answer: answer)],
            ledger: ledger)
        var keys = ClientKeys()
        for name in names { keys.accept(key: name) }
        let (addresses, source) = AsyncStream<(String, String)>.makeStream()
        let options = ListenOptions(host: "127.0.0.1", port: 0, bodyBytes: bodyBytes, idle: idle)
        let records = RequestRecords()
        let server = try GatewayServer(
            LiveGateway(service), main: options, admin: options, keys: keys,
            onListening: { source.yield(($0, $1)) }, onRequest: { records.add($0) })
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
        try await running.value
        await ledger.close()
    }

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
