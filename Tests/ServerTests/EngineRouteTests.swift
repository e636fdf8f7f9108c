import ChatAPI
import Gateway
import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite("engines over HTTP")
struct EngineRouteTests {
    /// Engines that take every change but those with the folder `bad`.
    private final class Engines: Sendable {
        let statuses = Mutex([
            EngineStatus(
                name: "local", model: "models/base", baseName: "local-base", precision: "int8", running: 1, waiting: 2,
                adapters: [.init(name: "team/a", folder: "adapters/a", sha256: String(repeating: "0", count: 64))])
        ])
        let changes = Mutex<[AdapterChange]>([])

        var actions: EngineActions {
            EngineActions(list: { self.statuses.withLock { $0 } }, change: { self.take($0) })
        }

        private func take(_ change: AdapterChange) -> ReloadReport {
            changes.withLock { $0.append(change) }
            if change.source?.folder == "bad" {
                return .refused([.init(file: "gateway.yaml", key: "engines.local.adapters.x", message: "no file")])
            }
            statuses.withLock { statuses in
                statuses[0].adapters.removeAll { $0.name == change.name }
                guard let source = change.source else { return }
                statuses[0].adapters.append(
                    .init(name: change.name, folder: source.folder, sha256: source.sha256 ?? "?"))
            }
            return .takenOver(restartRequired: [])
        }
    }

    private func ask(
        _ engines: Engines, _ method: String, _ path: String, _ body: String = ""
    ) async throws -> (status: Int, text: String) {
        let table = RouteTable(EngineRoutes(actions: engines.actions).routes)
        switch table.match(method: method, target: path) {
        case .failure(let error): return (error.status, "")
        case .success(let match):
            let request = Received(id: "r", method: method, target: path, body: Array(body.utf8))
            let reply = await match.route.handler(request, match.parameters)
            return (reply.status, String(decoding: try await reply.body.collect(), as: UTF8.self))
        }
    }

    @Test("engines are listed with their adapters; an adapter is loaded, swapped and unloaded by its name")
    func lifecycle() async throws {
        let engines = Engines()
        let listed = try await ask(engines, "GET", "/admin/engines")
        for text in ["\"local\"", "\"base_name\" : \"local-base\"", "\"waiting\" : 2", "\"team/a\""] {
            #expect(listed.status == 200 && listed.text.contains(text))
        }
        let hash = String(repeating: "aB", count: 32)
        let body = #"{"name":"b","folder":"adapters/b","sha256":"\#(hash)"}"#
        let loaded = try await ask(engines, "POST", "/admin/engines/local/adapters", body)
        #expect(loaded.status == 200 && loaded.text.contains("adapters/b"))
        #expect(try await ask(engines, "DELETE", "/admin/engines/local/adapters/team/a").status == 200)
        #expect(try await ask(engines, "DELETE", "/admin/engines/local/adapters/team/a").status == 404)
        #expect(
            engines.changes.withLock { $0 } == [
                AdapterChange(engine: "local", name: "b", source: .init(folder: "adapters/b", sha256: hash)),
                AdapterChange(engine: "local", name: "team/a", source: nil),
            ])
    }

    @Test("what cannot be loaded is a 422 in the words of a reload")
    func refused() async throws {
        let answer = try await ask(
            Engines(), "POST", "/admin/engines/local/adapters", #"{"name":"b","folder":"bad"}"#)
        #expect(answer.status == 422 && answer.text.contains("no file") && answer.text.contains("\"error\""))
    }

    @Test(
        "a request that is not understood changes nothing",
        arguments: [
            ("local", "", 400), ("local", "[]", 400), ("local", #"{"name":"b"}"#, 400),
            ("local", #"{"folder":"f"}"#, 400), ("local", #"{"name":"","folder":"f"}"#, 400),
            ("local", #"{"name":"a\nb","folder":"f"}"#, 400), ("local", #"{"name":"b","folder":""}"#, 400),
            ("local", #"{"name":"b","folder":"a\u0000"}"#, 400), ("local", #"{"name":"b","folder":1}"#, 400),
            ("local", #"{"name":"local-base","folder":"f"}"#, 400), ("local", #"{"name":"b","path":"f"}"#, 400),
            ("local", #"{"name":"b","folder":"f","sha256":"12"}"#, 400),
            ("other", #"{"name":"b","folder":"f"}"#, 404),
        ])
    func malformed(_ engine: String, _ body: String, _ status: Int) async throws {
        let engines = Engines()
        #expect(try await ask(engines, "POST", "/admin/engines/\(engine)/adapters", body).status == status)
        #expect(try await ask(engines, "PUT", "/admin/engines/\(engine)/adapters", body).status == 405)
        #expect(engines.changes.withLock { $0 } == [])
    }
}
