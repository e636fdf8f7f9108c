import ChatAPI
import Foundation
import Testing

@Suite("API errors")
struct APIErrorTests {
    @Test(
        "every error has the four keys, its status and its code",
        arguments: [
            (.invalidRequest("m", param: "p", code: "c"), 400, "c", "p"), (.missingAPIKey, 401, "missing_api_key", nil),
            (.invalidAPIKey, 401, "invalid_api_key", nil), (.permissionDenied("m"), 403, "permission_denied", nil),
            (.modelNotFound("x\"y"), 404, "model_not_found", "model"),
            (.modelNotFoundWithoutUpstream("m"), 404, "model_not_found", "model"),
            (.routeNotFoundWithoutUpstream(method: "GET", path: "/x"), 404, "unknown_url", nil),
            (.routeNotFound(method: "GET", path: "/x"), 404, "unknown_url", nil),
            (.methodNotAllowed(method: "PUT", path: "/x"), 405, "method_not_allowed", nil),
            (.bodyTooLarge(limit: 5), 413, "request_too_large", nil),
            (.rateLimited("m", retryAfter: 3), 429, "rate_limit_exceeded", nil),
            (.insufficientQuota("m"), 429, "insufficient_quota", nil), (.internalError, 500, "internal_error", nil),
            (.upstreamUnavailable(), 502, "upstream_unavailable", nil), (.overloaded(), 503, "overloaded", nil),
            (.upstreamTimeout(), 504, "upstream_timeout", nil),
        ] as [(APIError, Int, String, String?)])
    func writesEnvelope(_ error: APIError, status: Int, code: String, param: String?) throws {
        #expect(error.status == status)
        let body = try #require(try JSONSerialization.jsonObject(with: Data(error.body)) as? [String: [String: Any]])
        #expect(Set(body.keys) == ["error"])
        let fields = try #require(body["error"])
        #expect(Set(fields.keys) == ["message", "type", "param", "code"])
        #expect(fields["message"] as? String == error.message)
        #expect((fields["type"] as? String)?.isEmpty == false)
        #expect(fields["code"] as? String == code)
        #expect(fields["param"] as? String == param)
        #expect(param != nil || fields["param"] is NSNull)
    }

    @Test("a body that cannot be read becomes a 400 that says where, and nothing of its text")
    func wrapsRequestErrors() throws {
        let error = #expect(throws: RequestError.self) { try ChatRequest(Array(#"{"model":"my secret""#.utf8)) }
        let answer = APIError(try #require(error))
        #expect(answer.status == 400)
        #expect(answer.type == "invalid_request_error")
        #expect(answer.code == "invalid_json")
        #expect(!answer.message.contains("secret"))
        let missing = #expect(throws: RequestError.self) { try ChatRequest(Array("{}".utf8)) }
        #expect(APIError(try #require(missing)).param == "model")
        let json = #expect(throws: JSONError.self) { try JSONDocument(Array("[".utf8)) }
        #expect(APIError(try #require(json)).code == "invalid_json")
    }

    @Test("an error in a stream is one data event")
    func writesEvent() throws {
        let event = APIError.upstreamTimeout().event
        #expect(event == Array("data: ".utf8) + APIError.upstreamTimeout().body + Array("\n\n".utf8))
    }
}
