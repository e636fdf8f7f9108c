import Foundation
import Gateway
import TestSupport
import Testing

@testable import Server

@Suite("paths as clients spell them", .timeLimit(.minutes(1)))
struct ClientPathTests {
    @Test(
        "a base URL may lack its /v1, or be Azure's",
        arguments: [
            ("/v1/chat/completions", "/v1/chat/completions", nil), ("/chat/completions", "/v1/chat/completions", nil),
            ("/models", "/v1/models", nil), ("/embeddings?a=b", "/v1/embeddings?a=b", nil),
            ("/openai/v1/responses", "/v1/responses", nil),
            ("/openai/models?api-version=1", "/v1/models?api-version=1", nil),
            (
                "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
                "/v1/chat/completions?api-version=2024-10-21", "gpt-4o"
            ),
            ("/openai/deployments/a%20b/embeddings", "/v1/embeddings", "a b"),
            ("/openai/deployments//embeddings", "/openai/deployments//embeddings", nil),
            ("/openai/deployments/x", "/openai/deployments/x", nil), ("/openai/x", "/openai/x", nil),
            ("/health/live", "/health/live", nil), ("//chat/completions", "//chat/completions", nil),
            ("/tokenize", "/tokenize", nil), ("/openai/detokenize", "/openai/detokenize", nil),
            ("/chatter", "/chatter", nil), ("/", "/", nil), ("*", "*", nil), ("/admin/tasks", "/admin/tasks", nil),
        ] as [(String, String, String?)])
    func spelling(_ target: String, _ expected: String, _ deployment: String?) {
        let path = ClientPath(target)
        #expect(path.target == expected && path.deployment == deployment)
    }

    @Test(
        "the newer parts of the API are known without /v1 too",
        arguments: [
            "/conversations", "/containers/c/files?limit=1", "/evals/e/runs", "/videos", "/realtime/client_secrets",
            "/skills", "/chatkit/sessions", "/organization/usage/completions?start_time=1", "/engines", "/score",
        ])
    func newer(_ target: String) {
        for base in ["", "/v1", "/openai", "/openai/v1"] { #expect(ClientPath(base + target).target == "/v1" + target) }
    }

    @Test(
        "a deployment stands in for the model, and every other byte stays",
        arguments: [
            (#"{"messages":[]}"#, #"{"model":"d\"","messages":[]}"#), (#"{}"#, #"{"model":"d\""}"#),
            (#"{"a":1, "model" : "x","b":2.50}"#, #"{"a":1, "model" : "d\"","b":2.50}"#), ("[1]", "[1]"), ("{", "{"),
        ])
    func deployment(_ body: String, _ expected: String) {
        #expect(ClientPath.body(Array(body.utf8), deployment: "d\"") == Array(expected.utf8))
    }

    @Test("Azure's client is served: its path, its api-key field, its deployment as the model")
    func azure() async throws {
        try await TestGateway.with(
            keys: ["sk-1"],
            answer: { request throws(BackendError) in
                #expect(request.headers.first(named: "api-key") == nil)
                return .json("\(request.target) \(request.model)")
            },
            { gateway in
                let path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
                let connection = try RawConnection(port: gateway.port)
                try connection.send(request("POST", path, "api-key: sk-1\r\n", body: #"{"messages":[]}"#))
                #expect(await connection.response().text == "/v1/chat/completions?api-version=2024-10-21 gpt-4o")
                try connection.send(request("POST", path, "api-key: sk-2\r\n", body: #"{"messages":[]}"#))
                #expect(await connection.response().status == 401)
            })
    }

    @Test(
        "no spelling of a path slips past the key check",
        arguments: [
            "/v1/models", "/models", "/v1//models", "/v1/./models", "/v1/../v1/models", "/v1/%6dodels", "/v1/models?x",
            "/openai/v1/models", "/openai/deployments/x/chat/completions", "/chat/completions", "/v1/health/live",
            "/v1/../health/live", "http://localhost/v1/models", "/v1/savings", "/v1/models/a%2F..%2Fb",
        ])
    func unkeyed(_ target: String) async throws {
        try await TestGateway.with(
            keys: ["sk-1"],
            answer: { _ throws(BackendError) in
                Issue.record("a request without a key reached the backend")
                return .json("{}")
            },
            { gateway in
                let connection = try RawConnection(port: gateway.port)
                try connection.send(request("GET", target))
                #expect(await connection.response().status == 401)
            })
    }

    @Test(
        "what is no spelling of a route is 404 or 400, with a key or without",
        arguments: [
            "//v1/models", "/%761/models", "/V1/models", "/health/../v1/models", "/./v1/models", "/health/live/",
            "/v1\\models", "/admin/tasks", "/openai/deployments/../models",
        ])
    func nowhere(_ target: String) async throws {
        try await TestGateway.with(
            keys: ["sk-1"],
            answer: { _ throws(BackendError) in
                Issue.record("a path that is none reached the backend")
                return .json("{}")
            },
            { gateway in
                for key in ["", "Authorization: Bearer sk-1\r\n"] {
                    let connection = try RawConnection(port: gateway.port)
                    try connection.send(request("GET", target, key))
                    #expect([400, 404].contains(await connection.response().status))
                }
            })
    }

    @Test("every route of the main listener but the health checks asks for a key, and says which in its table")
    func routeTable() async throws {
        try await TestGateway.with(
            keys: ["sk-1"], answer: { _ throws(BackendError) in .json("{}") },
            { gateway in
                let routes = gateway.routes
                #expect(routes.contains { $0.pattern == "/v1/*" } && routes.contains { $0.isHealthCheck })
                for route in routes {
                    #expect(route.access == (route.isHealthCheck ? .open : .key))
                    let method = route.method == "*" ? "DELETE" : route.method
                    let path = route.pattern.replacingOccurrences(of: "{+id}", with: "a/b")
                        .replacingOccurrences(of: "*", with: "anything")
                    for header in ["", "Authorization: Bearer wrong\r\n", "api-key: wrong\r\n"] {
                        let connection = try RawConnection(port: gateway.port)
                        try connection.send(request(method, path, header))
                        #expect(await connection.response(to: method).status == (route.access == .open ? 200 : 401))
                    }
                }
            })
    }

    @Test("every route of the admin listener but the health checks refuses web pages")
    func adminTable() async throws {
        try await TestGateway.with(
            answer: { _ throws(BackendError) in .json("{}") },
            { gateway in
                let routes = gateway.adminRoutes
                for pattern in ["/admin/reload", "/admin/keys", "/admin/tasks/{task}/mode", "/admin/kill-switch"] {
                    #expect(routes.contains { $0.pattern == pattern })
                }
                for route in routes {
                    let path = route.pattern.replacing(/\{\+?[a-z]+\}/, with: "x")
                    let connection = try RawConnection(port: gateway.adminPort)
                    try connection.send(request(route.method, path, "Origin: http://page.example\r\n"))
                    let response = await connection.response(to: route.method)
                    #expect(response.status == (route.isHealthCheck ? 200 : 403), "\(route.method) \(route.pattern)")
                    #expect(route.isHealthCheck || response.text.contains("origin_refused"))
                }
            })
    }
}
