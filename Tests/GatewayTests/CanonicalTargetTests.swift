import Gateway
import Testing

@Suite("Targets under the usual base URLs")
struct CanonicalTargetTests {
    @Test(
        "a path of the API is found with and without /v1, and in Azure's spellings; the query stays as it came",
        arguments: [
            ("/v1/chat/completions?x=%20", "/v1/chat/completions?x=%20", nil), ("/v1/anything", "/v1/anything", nil),
            ("/chat/completions", "/v1/chat/completions", nil), ("/models", "/v1/models", nil),
            ("/models/a/b?c", "/v1/models/a/b?c", nil), ("/embeddings?", "/v1/embeddings?", nil),
            ("/openai/v1/responses?api-version=preview", "/v1/responses?api-version=preview", nil),
            ("/openai/models?api-version=1", "/v1/models?api-version=1", nil),
            (
                "/openai/deployments/gpt%2D4o/chat/completions?api-version=2024-10-21",
                "/v1/chat/completions?api-version=2024-10-21", "gpt-4o"
            ),
            ("/openai/deployments/e/embeddings", "/v1/embeddings", "e"),
        ] as [(String, String, String?)])
    func found(target: String, canonical: String, deployment: String?) throws {
        let found = try #require(CanonicalTarget(target))
        #expect(found.target == canonical)
        #expect(found.deployment == deployment)
    }

    @Test(
        "what is not the API's has no such target",
        arguments: [
            "/", "", "*", "/v1", "/v2/models", "/health/live", "/admin/tasks", "/metrics", "/chatter", "//models",
            "/V1/models", "/v1%2Fmodels", "/openai", "/openai/", "/openai/deployments", "/openai/deployments/",
            "/openai/deployments//chat/completions", "/openai/deployments/x", "/openai/deployments/%G0/models",
            "/openai/deployments/%FF/models", "/openai/deployments/x/admin", "http://host/v1/models", "/../v1/models",
        ])
    func foreign(target: String) {
        #expect(CanonicalTarget(target) == nil)
    }

    @Test(
        "a deployment stands in for a model that the body does not name, and changes nothing else",
        arguments: [
            (#"{"messages":[]}"#, #"{"model":"a\"b","messages":[]}"#), ("{}", #"{"model":"a\"b"}"#),
            (" { } ", #" {"model":"a\"b" } "#), (#"{"x":1.0,"model":"m"}"#, #"{"x":1.0,"model":"m"}"#),
            (#"{"model":null}"#, #"{"model":null}"#), ("[1]", "[1]"), ("no JSON", "no JSON"), ("", ""),
        ])
    func model(body: String, expected: String) throws {
        let azure = try #require(CanonicalTarget("/openai/deployments/a%22b/chat/completions"))
        #expect(String(decoding: azure.body(Array(body.utf8)), as: UTF8.self) == expected)
        let plain = try #require(CanonicalTarget("/chat/completions"))
        #expect(plain.body(Array(body.utf8)) == Array(body.utf8))
    }
}
