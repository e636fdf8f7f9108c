import Testing

@testable import Configuration

@Suite("upstreams and routing in the configuration")
struct UpstreamSettingsTests {
    private func read(_ text: String, _ environment: [String: String] = [:]) throws -> GatewaySettings {
        try GatewaySettings.parse(text, file: "c/g.yaml", environment: environment)
    }

    @Test("an upstream with every key is read as it is written")
    func everything() throws {
        let settings = try read(
            """
            upstreams:
              up:
                base_urls: ["https://a/v1", "https://b/v1"]
                key: k
                ca_file: ca.pem
                client_certificate: me.pem
                client_key: /keys/me.key
                proxy: http://user:pw@proxy:3128
                http2: false
                minimum_tls: 1.3
                allow_link_local: true
                connect_seconds: 1
                first_byte_seconds: 2
                idle_seconds: 3
                total_seconds: 4
                breaker: {failures: 3, of: 10, rest_seconds: 5}
                retry: {attempts: 1, on: [connect, reset, timeout, 429, 5xx]}
                server_errors: hide
                cache_salt: true
              vllm: {base_url: "http://v", structured_outputs: vllm}
              other: {base_url: "http://v", structured_outputs: vllm, cache_salt: false}
              plain: {base_url: "http://v"}
            """)
        let up = try #require(settings.upstreams.first)
        #expect(up.baseURLs == ["https://a/v1", "https://b/v1"])
        #expect(up.connection.authorities == "c/ca.pem" && up.connection.certificate == "c/me.pem")
        #expect(up.connection.certificateKey == "/keys/me.key")
        #expect(up.connection.proxy?.value == "http://user:pw@proxy:3128" && !"\(up)".contains("pw@"))
        #expect(!up.connection.allowsHTTP2 && up.connection.needsTLS13 && up.connection.allowsLinkLocal)
        #expect(up.connect == 1 && up.firstByte == 2 && up.idle == 3 && up.total == 4)
        #expect(up.breaker.failures == 3 && up.breaker.window == 10 && up.breaker.rest == 5)
        #expect(up.retry.attempts == 1 && up.retry.conditions == RetrySetting.Condition.allCases)
        #expect(up.hidesServerErrors)
        #expect(settings.upstreams.map(\.saltsCache) == [true, true, false, false])
    }

    @Test("Azure and Bedrock, with credentials from the environment and from keys")
    func kinds() throws {
        let settings = try read(
            """
            upstreams:
              azure:
                type: azure
                base_url: https://x.openai.azure.com
                api_version: 2024-10-21
                deployments: {gpt-4o: prod}
                key_env: AZURE
              bedrock: {type: bedrock, region: eu-central-1}
              other:
                type: bedrock
                region: us-east-1
                base_url: http://127.0.0.1:1/openai/v1
                access_key: a
                secret_key_env: S
            """, ["AZURE": "z", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "S": "s"])
        let (azure, bedrock, other) = (settings.upstreams[0], settings.upstreams[1], settings.upstreams[2])
        #expect(azure.kind == .azure && azure.apiVersion == "2024-10-21" && azure.deployments == ["gpt-4o": "prod"])
        #expect(bedrock.baseURLs == ["https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1"])
        #expect(bedrock.aws?.accessKey.value == "id" && bedrock.aws?.secretKey.value == "secret")
        #expect(other.aws?.accessKey.value == "a" && other.aws?.secretKey.value == "s")
        #expect(!"\(settings)".contains("secret\""))
    }

    @Test("aliases, rules and the sticky header")
    func routing() throws {
        let settings = try read(
            """
            upstreams: {a: {base_url: "http://a"}, b: {base_url: "http://b"}}
            aliases:
              fast: {backend: b, model: small}
            routing:
              - {model: "gpt-4*", max_prompt_tokens: 200, to: {backend: b, model: small}}
              - {task: t, to: {backend: a}}
            sticky_header: X-User-Id
            """)
        #expect(settings.aliases.map(\.name) == ["fast"] && settings.aliases[0].to.model == "small")
        #expect(settings.routing.map(\.model) == ["gpt-4*", nil] && settings.routing[0].maxPromptTokens == 200)
        #expect(settings.routing[1].task == "t" && settings.stickyHeader == "x-user-id")
    }

    @Test(
        "what is wrong is named with its line and key",
        arguments: [
            ("upstreams:\n  a: {base_url: 'http://a', base_urls: []}", "g.yaml:2: upstreams.a.base_urls: it has both"),
            ("upstreams:\n  a: {base_urls: []}", "upstreams.a.base_urls: it is empty"),
            ("upstreams:\n  a: {base_urls: ['http://a', 'ftp://b']}", "upstreams.a.base_urls[1]: it must start with"),
            ("upstreams:\n  a: {type: azur, base_url: 'http://a'}", "did you mean 'azure'?"),
            ("upstreams:\n  a: {type: azure, base_url: 'http://a'}", "upstreams.a: 'api_version' is missing"),
            ("upstreams:\n  a: {base_url: 'http://a', api_version: x}", "only upstreams of type azure have it"),
            ("upstreams:\n  a: {type: bedrock}", "upstreams.a: 'region' is missing"),
            ("upstreams:\n  a: {type: bedrock, region: eu-central-1}", "there are no AWS credentials"),
            ("upstreams:\n  a: {type: bedrock, region: 'x/y'}", "upstreams.a.region: it is not a region"),
            (
                "upstreams:\n  a: {base_url: 'http://a', client_key: k}",
                "client_certificate and client_key belong together"
            ),
            ("upstreams:\n  a: {base_url: 'http://a', retry: {on: [sometimes]}}", "upstreams.a.retry.on[0]"),
            ("upstreams:\n  a: {base_url: 'http://a', breaker: {failures: 9, of: 5}}", "it is more than 'of'"),
            ("upstreams:\n  a: {base_url: 'http://a', minimum_tls: 1.1}", "upstreams.a.minimum_tls"),
            ("upstreams:\n  a: {base_url: 'http://a'}\nrouting:\n  - {to: {backend: a}}", "it has no condition"),
            (
                "upstreams:\n  a: {base_url: 'http://a'}\nrouting:\n  - {model: x, to: {backend: b}}",
                "no engine, server or upstream named 'b'"
            ),
            ("upstreams:\n  a: {base_url: 'http://a'}\naliases:\n  x: {backend: aa}", "did you mean 'a'?"),
            ("sticky_header: 'x y'", "sticky_header: it is not a header's name"),
        ])
    func errors(text: String, expected: String) {
        do throws(ConfigurationError) {
            _ = try GatewaySettings.parse(text, file: "g.yaml")
            Issue.record("it must be refused")
        } catch {
            #expect(error.description.contains(expected), "\(error.description)")
        }
    }
}
