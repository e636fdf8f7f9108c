import Backends
import Gateway
import Ledger
import TestSupport
import Testing
import Transport

@Suite("Upstreams that are not quite OpenAI")
struct DialectTests {
    private func azure(_ names: [String: String] = [:], version: String? = "2024-10-21") -> UpstreamDialect {
        .azure(AzureDeployments(version: version, names: names))
    }

    private func body(_ model: String) -> [UInt8] {
        Array(#"{"model":"\#(model)","messages":[{"role":"user","content":"x"}]}"#.utf8)
    }

    @Test(
        "Azure: the deployment stands in the path, the version in the query, and the body is the client's",
        arguments: [
            ("/v1/chat/completions", "/openai/deployments/gpt-x/chat/completions?api-version=2024-10-21"),
            ("/v1/embeddings", "/openai/deployments/gpt-x/embeddings?api-version=2024-10-21"),
            ("/v1/completions?a=b&api-version=1", "/openai/deployments/gpt-x/completions?a=b&api-version=2024-10-21"),
            ("/v1/responses", "/openai/responses?api-version=2024-10-21"),
            ("/v1/files", "/openai/files?api-version=2024-10-21"),
        ])
    func azurePaths(target: String, expected: String) async throws {
        let server = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(
            upstreams: [server.baseURL], key: "ours", options: { $0.dialect = azure() })
        let outcome = try await fixture.send(
            body("gpt-x"), to: target, headers: [("authorization", "Bearer mine"), ("api-key", "mine")])
        #expect(outcome.status == 200)
        let seen = try #require(server.requests.first)
        #expect(seen.target == expected && seen.body == body("gpt-x"))
        #expect(seen.header("api-key") == "ours" && seen.header("authorization") == nil)
        #expect(!seen.headText.contains("mine"))
    }

    @Test("Azure: models have their deployments, and an unknown one goes nowhere")
    func azureDeployments() async throws {
        let server = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(
            upstreams: [server.baseURL], key: "ours", options: { $0.dialect = azure(["gpt-x": "my deployment/1"]) })
        _ = try await fixture.send(body("gpt-x"))
        let unknown = try await fixture.send(body("gpt-y"))
        #expect(unknown.status == 404 && unknown.text.contains("model_not_found"))
        #expect(
            server.requests.map(\.target) == [
                "/openai/deployments/my%20deployment%2F1/chat/completions?api-version=2024-10-21"
            ])
    }

    @Test(
        "Azure: no model's name leaves its place in the path",
        arguments: ["..", ".", "a/../../b", "a?b", "a#b", "%2e%2e"])
    func azureNames(model: String) async throws {
        let server = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(upstreams: [server.baseURL], key: "o", options: { $0.dialect = azure() })
        let outcome = try await fixture.send(body(model))
        if model == "." || model == ".." {
            #expect(outcome.status == 404 && server.requests.isEmpty)
        } else {
            let target = try #require(server.requests.first?.target)
            #expect(
                target.hasPrefix("/openai/deployments/") && target.hasSuffix("/chat/completions?api-version=2024-10-21")
            )
            #expect(target.split(separator: "/").count == 5)
        }
    }

    @Test("Azure without a version takes the paths below /openai/v1")
    func azureVersionless() async throws {
        let server = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(
            upstreams: [server.baseURL + "/openai/v1"], key: "ours", options: { $0.dialect = azure(version: nil) })
        _ = try await fixture.chat()
        #expect(server.requests.map(\.target) == ["/openai/v1/chat/completions"])
        #expect(server.requests.first?.header("api-key") == "ours")
    }

    @Test("Bedrock: requests are signed for its region, and a client's own key stays here", arguments: [false, true])
    func bedrock(streams: Bool) async throws {
        let server = try ScriptedServer(FaultFixture.sound)
        let signature = AWSSignature(
            region: "eu-central-1", service: "bedrock", accessKey: "AKIDEXAMPLE", secretKey: "canary-secret",
            sessionToken: "token-1")
        let fixture = try await FaultFixture(
            upstreams: [server.baseURL + "/openai/v1"], options: { $0.dialect = .aws(signature) })
        let outcome = try await fixture.chat(streams: streams, headers: [("authorization", "Bearer mine")])
        #expect(outcome.status == 200 && !outcome.isBroken)
        let seen = try #require(server.requests.first)
        #expect(seen.target == "/openai/v1/chat/completions")
        #expect(seen.body == FaultFixture.body(task: false, streams: streams))
        let authorization = try #require(seen.header("authorization"))
        #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"))
        #expect(authorization.contains("/eu-central-1/bedrock/aws4_request"))
        #expect(seen.header("x-amz-security-token") == "token-1" && seen.header("x-amz-date") != nil)
        #expect(!seen.headText.contains("mine") && !seen.headText.contains("canary-secret"))
    }

    /// What a request might try to be sent elsewhere with.
    private static func tricks(_ evil: String) -> [(target: String, fields: String, headers: HeaderFields)] {
        let host = String(evil.dropFirst("http://".count))
        let chat = "/v1/chat/completions"
        var tricks: [(String, String, HeaderFields)] = [
            "api_base", "base_url", "baseURL", "api_url", "url", "endpoint", "upstream", "host", "proxy", "target",
            "provider_url", "azure_endpoint", "openai_api_base",
        ].map { (chat, #","\#($0)":"\#(evil)/v1""#, []) }
        tricks += [
            "host", "x-forwarded-host", "x-original-url", "x-rewrite-url", "forwarded", "x-upstream", "x-base-url",
            "x-promptintern-upstream", "x-portkey-custom-host", "helicone-target-url",
        ].map { (chat, "", [($0, $0 == "forwarded" ? "host=\(host)" : $0 == "host" ? host : evil)]) }
        tricks += [
            ("/v1/chat/../../\(evil)/x", "", []), ("/v1/embeddings@\(host)/v1", "", []),
            ("/v1/x?url=\(evil)/", "", []), ("/v1//\(host)/x", "", []), ("/v1/\\\\\(host)/x", "", []),
        ]
        return tricks
    }

    @Test("no request chooses where it goes")
    func addresses() async throws {
        let evil = try ScriptedServer(FaultFixture.sound)
        let server = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(upstreams: [server.baseURL])
        let tricks = Self.tricks(evil.baseURL)
        #expect(tricks.count >= 25)
        for (target, fields, headers) in tricks {
            let body = FaultFixture.body(task: false, streams: false, extra: fields)
            let outcome = try await fixture.send(body, to: target, headers: headers)
            if target == "/v1/chat/completions" {
                #expect(outcome.status == 200)
                #expect(server.requests.last?.body == body)
                #expect(server.requests.last?.header("host") == String(server.baseURL.dropFirst("http://".count)))
            }
        }
        let model = FaultFixture.body(task: false, streams: false, model: evil.baseURL)
        _ = try await fixture.send(model)
        #expect(evil.connectionCount == 0)
    }
}
