import Access
import ChatAPI
import Foundation
import Gateway
import Server
import Testing
import TestSupport

@Suite("access", .timeLimit(.minutes(1)))
struct AccessTests {
    private static let key = "sk-gateway-1"

    @Test(
        "with client keys, every /v1 route asks for one",
        arguments: ["/v1/models", "/v1/models/x", "/v1/savings", "/v1/files", "/v1/chat/completions"])
    func keys(_ path: String) async throws {
        try await TestGateway.with(
            keys: ["another", Self.key],
            answer: { request throws(BackendError) in
                for name in ["authorization", "api-key", "x-api-key"] {
                    #expect(request.headers.first(named: name) == nil)
                }
                return .json("{}")
            }
        ) { gateway in
            let connection = try RawConnection(port: gateway.port)
            let wrong = [
                "", "Authorization: Bearer wrong\r\n", "Authorization: \(Self.key)\r\n", "Authorization: Bearer \r\n",
                "Authorization: Basic \(Self.key)\r\n", "X-Key: \(Self.key)\r\n",
                "Authorization: Bearer \(Self.key)x\r\n",
            ]
            for header in wrong {
                try connection.send(request("GET", path, header))
                let response = await connection.response()
                #expect(response.status == 401)
                let code = try JSONDocument(response.body).root["error"]?["code"]?.string?.text
                #expect(code == (header.hasPrefix("Authorization") ? "invalid_api_key" : "missing_api_key"))
                #expect(!response.text.contains(Self.key))
            }
            for header in ["authorization: bearer \(Self.key)", "Api-Key: \(Self.key)", "x-api-key: \(Self.key)"] {
                try connection.send(request("GET", path, header + "\r\n"))
                #expect(await connection.response().status == 200)
            }
        }
    }

    @Test("health and the admin listener ask for no key")
    func open() async throws {
        try await TestGateway.with(keys: [Self.key], answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(request("GET", "/health/ready"))
            #expect(await connection.response().status == 200)
            let admin = try RawConnection(port: gateway.adminPort)
            try admin.send(request("GET", "/admin/tasks"))
            #expect(await admin.response().status == 200)
        }
    }

    @Test("without a key no listener opens where others can reach it, and the admin listener never does")
    func exposure() throws {
        let folder = try TinyModelFolder()
        let path = folder.path + "/keys.sqlite"
        let local = ListenOptions(host: "127.0.0.1", port: 0)
        let open = ListenOptions(host: "0.0.0.0", port: 0)
        #expect(throws: ServerError.self) { try GatewayServer.check(main: open, admin: local, keys: nil) }
        let none = try KeyRing(path: path)
        #expect(throws: ServerError.self) { try GatewayServer.check(main: open, admin: local, keys: none) }
        try GatewayServer.check(main: local, admin: local, keys: none)
        let fixed = try KeyRing(path: path, fixed: [StaticKey(key: "k")])
        try GatewayServer.check(main: open, admin: local, keys: fixed)
        #expect(throws: ServerError.self) { try GatewayServer.check(main: open, admin: open, keys: fixed) }
        let store = try KeyStore(path: path)
        _ = try store.create(KeyPolicy(name: "a"))
        try GatewayServer.check(main: open, admin: local, keys: KeyRing(path: path))
        _ = try store.revoke("a")
        #expect(throws: ServerError.self) {
            try GatewayServer.check(main: open, admin: local, keys: KeyRing(path: path))
        }
    }

    @Test("the admin listener shows tasks, pulls the kill switch and refuses what it does not understand")
    func admin() async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let admin = try RawConnection(port: gateway.adminPort)
            func ask(_ method: String, _ path: String, _ body: String = "") async throws -> (Int, JSONDocument) {
                try admin.send(request(method, path, body: body))
                let response = await admin.response()
                return (response.status, try JSONDocument(response.body))
            }
            #expect(try await ask("GET", "/admin/tasks").1.root["kill_switch"]?.bool == false)
            #expect(try await ask("PUT", "/admin/kill-switch", #"{"on":true}"#).0 == 200)
            #expect(try await ask("GET", "/admin/tasks").1.root["kill_switch"]?.bool == true)
            #expect(try await ask("PUT", "/admin/kill-switch", #"{"on":1}"#).0 == 400)
            let (status, error) = try await ask("PUT", "/admin/tasks/none/mode", #"{"mode":"on"}"#)
            #expect(status == 404)
            #expect(error.root["error"]?["message"]?.string?.text?.contains("there is no task \"none\"") == true)
            let (wrong, message) = try await ask("PUT", "/admin/tasks/none/mode", #"{"mode":"canary:101"}"#)
            #expect(wrong == 400)
            #expect(message.root["error"]?["message"]?.string?.text?.contains("from 0 to 100") == true)
            #expect(try await ask("PUT", "/admin/tasks/none/mode", "nonsense").0 == 400)
            let (_, changes) = try await ask("GET", "/admin/changes")
            #expect(changes.root["changes"]?.elements.first { _ in true }?["new"]?.string?.text == "on")
            #expect(try await ask("GET", "/v1/savings?bucket=hour").0 == 200)
            #expect(try await ask("GET", "/v1/savings?bucket=week").0 == 400)
            #expect(try await ask("GET", "/v1/models").0 == 404)
        }
    }
}
