import Access
import ChatAPI
import Foundation
import Gateway
import Synchronization
import Testing
import TestSupport

@Suite("keys over HTTP", .timeLimit(.minutes(1)))
struct KeyRouteTests {
    /// Asks the admin listener.
    private struct Admin {
        let connection: RawConnection

        func ask(_ method: String, _ path: String, _ body: String = "") async throws -> (status: Int, root: JSONValue) {
            try connection.send(request(method, path, body: body))
            let response = await connection.response()
            return (response.status, try JSONDocument(response.body).root)
        }
    }

    private func call(_ gateway: TestGateway, _ path: String = "/v1/files", key: String?) async throws -> RawResponse {
        let connection = try RawConnection(port: gateway.port)
        try connection.send(request("GET", path, key.map { "Authorization: Bearer \($0)\r\n" } ?? ""))
        return await connection.response()
    }

    @Test("the first key closes an open gateway; keys are made, listed, rotated and revoked at once")
    func lifecycle() async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let admin = Admin(connection: try RawConnection(port: gateway.adminPort))
            #expect(try await call(gateway, key: nil).status == 200)
            #expect(try await admin.ask("GET", "/admin/keys").root["keys"]?.elements.contains { _ in true } == false)
            let made = try await admin.ask(
                "POST", "/admin/keys",
                #"{"name":"team-a","models":["gpt-*"],"expires":"90d","requests_per_minute":60,"budget_per_day":"1.50"}"#
            )
            #expect(made.status == 201)
            let token = try #require(made.root["token"]?.string?.text)
            let id = try #require(made.root["id"]?.string?.text)
            #expect(token.hasPrefix("sk-pi-\(id)-"))
            #expect(try await call(gateway, key: nil).status == 401)
            #expect(try await call(gateway, "/v1/models", key: token).status == 200)
            let listed = try await admin.ask("GET", "/admin/keys").root["keys"]?.elements.first { _ in true }
            #expect(listed?["name"]?.string?.text == "team-a" && listed?["state"]?.string?.text == "live")
            #expect(listed?["token"] == nil && listed?["budget_per_day"]?["limit"]?.string?.text == "1.50")
            #expect(listed?["budget_per_day"]?["spent"]?.string?.text == "0.00")
            let rotated = try await admin.ask("POST", "/admin/keys/team-a/rotate", #"{"grace":"1h"}"#)
            let second = try #require(rotated.root["token"]?.string?.text)
            #expect(try await call(gateway, "/v1/models", key: token).status == 200)
            #expect(try await call(gateway, "/v1/models", key: second).status == 200)
            #expect(try await admin.ask("DELETE", "/admin/keys/\(id)").root["state"]?.string?.text == "revoked")
            for key in [token, second] {
                let refused = try await call(gateway, "/v1/models", key: key)
                #expect(refused.status == 401)
                #expect(try JSONDocument(refused.body).root["error"]?["code"]?.string?.text == "invalid_api_key")
            }
        }
    }

    @Test(
        "a request that is not understood makes no key",
        arguments: [
            ("", 400), ("[]", 400), (#"{"nme":"a"}"#, 400), (#"{"name":"A"}"#, 400), (#"{"name":1}"#, 400),
            (#"{"name":"a","models":"x"}"#, 400), (#"{"name":"a","models":[]}"#, 400),
            (#"{"name":"a","expires":"yesterday"}"#, 400), (#"{"name":"a","expires":"2020-01-01"}"#, 400),
            (#"{"name":"a","requests_per_minute":1.5}"#, 400), (#"{"name":"a","requests_per_minute":0}"#, 400),
            (#"{"name":"a","budget_per_day":"-1"}"#, 400), (#"{"name":"a","budget_per_month":1e3}"#, 400),
        ])
    func malformed(_ body: String, _ status: Int) async throws {
        try await TestGateway.with(answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let admin = Admin(connection: try RawConnection(port: gateway.adminPort))
            #expect(try await admin.ask("POST", "/admin/keys", body).status == status)
            #expect(try await admin.ask("POST", "/admin/keys/none/rotate").status == 404)
            #expect(try await admin.ask("DELETE", "/admin/keys/none").status == 404)
            #expect(try await admin.ask("DELETE", "/admin/keys/..%2f..%2fetc").status == 404)
            #expect(try await call(gateway, key: nil).status == 200)
        }
    }

    @Test("a key is shown the models that it may use; one that may use every one, and no key, the upstream's own bytes")
    func models() async throws {
        let list = #"{"object":"list","data":[ {"id":"gpt-4o","x":1.0}, {"id":"o3"},{"id":"gpt-5"} ],"models":["o3"]}"#
        try await TestGateway.with(answer: { _ throws(BackendError) in .json(list) }) { gateway in
            let admin = Admin(connection: try RawConnection(port: gateway.adminPort))
            func make(_ body: String) async throws -> String {
                try #require(try await admin.ask("POST", "/admin/keys", body).root["token"]?.string?.text)
            }
            #expect(try await call(gateway, "/v1/models", key: nil).text == list)
            let (all, few) = (try await make(#"{"name":"all"}"#), try await make(#"{"name":"b","models":["gpt-*"]}"#))
            let tasks = try await make(#"{"name":"c","tasks":["house-*"]}"#)
            for path in ["/v1/models", "/models", "/openai/models?api-version=1"] {
                #expect(try await call(gateway, path, key: all).text == list)
                #expect(
                    try await call(gateway, path, key: few).text
                        == #"{"object":"list","data":[{"id":"gpt-4o","x":1.0},{"id":"gpt-5"}]}"#)
                #expect(try await call(gateway, path, key: tasks).text == #"{"object":"list","data":[]}"#)
            }
            #expect(try await call(gateway, "/v1/models/gpt-4o", key: few).status == 200)
            // Other spellings of another model, or of the whole list.
            for path in ["o3", "", "%6F3", "gpt-4o%2F..%2Fo3", "gpt-4o%2f%2e%2e", "gpt-4%zz"] {
                let refused = try await call(gateway, "/v1/models/" + path, key: few)
                #expect(refused.status == 403 && refused.text.contains("model_not_allowed"), "\(path)")
                #expect(try await call(gateway, "/v1/models/" + path, key: all).status == 200, "\(path)")
            }
            let refused = try await call(gateway, "/v1/models/gpt-4o", key: tasks)
            #expect(refused.status == 403 && refused.text.contains("task_not_allowed"))
        }
    }

    @Test("a key sees what it used itself, an admin's key what everybody did")
    func savings() async throws {
        // The requests are looked for on one day.
        try await UTCDay.awaitRoom()
        try await TestGateway.with(answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let admin = Admin(connection: try RawConnection(port: gateway.adminPort))
            func make(_ body: String) async throws -> String {
                try #require(try await admin.ask("POST", "/admin/keys", body).root["token"]?.string?.text)
            }
            let (a, b) = (try await make(#"{"name":"a"}"#), try await make(#"{"name":"b"}"#))
            let all = try await make(#"{"name":"root","admin":true}"#)
            for _ in 0..<3 { #expect(try await call(gateway, key: a).status == 200) }
            #expect(try await call(gateway, key: b).status == 200)
            var own: JSONValue?
            for _ in 0..<100 where own?["requests"]?.int != 3 {
                let text = try await call(gateway, "/v1/savings", key: a)
                own = try JSONDocument(text.body).root["days"]?.elements.first { _ in true }
                #expect(!text.text.contains("\"b\""))
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(own?["requests"]?.int == 3)
            #expect(try await call(gateway, "/v1/savings?task=x", key: a).status == 400)
            let report = try JSONDocument(try await call(gateway, "/v1/savings", key: all).body).root
            #expect(report["object"]?.string?.text != "key_usage")
        }
    }
}
