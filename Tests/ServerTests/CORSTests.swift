import Gateway
import Server
import TestSupport
import Testing

@Suite("web pages of other origins", .timeLimit(.minutes(1)))
struct CORSTests {
    private static let preflight =
        "Origin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n"
        + "Access-Control-Request-Headers: authorization,content-type\r\n"

    @Test("a preflight is answered without a key, and allows a listed origin only")
    func preflight() async throws {
        try await TestGateway.with(
            keys: ["sk-1"], configure: { $0.cors = CORSPolicy(origins: ["https://a.example"]) },
            answer: { _ throws(BackendError) in .json("{}", headers: [("Access-Control-Allow-Origin", "upstream")]) },
            { gateway in
                let connection = try RawConnection(port: gateway.port)
                try connection.send(request("OPTIONS", "/v1/chat/completions", Self.preflight))
                let allowed = await connection.response()
                #expect(allowed.status == 204)
                #expect(allowed.header("access-control-allow-origin") == "https://a.example")
                #expect(allowed.header("access-control-allow-headers") == "authorization,content-type")
                try connection.send(
                    request("OPTIONS", "/v1/x", "Origin: https://b.example\r\nAccess-Control-Request-Method: GET\r\n"))
                let refused = await connection.response()
                #expect(refused.header("access-control-allow-origin") == nil && refused.header("vary") == "origin")
                for (key, status) in [("", 401), ("Authorization: Bearer sk-1\r\n", 200)] {
                    try connection.send(request("GET", "/v1/files", "Origin: https://a.example\r\n" + key))
                    let answer = await connection.response()
                    #expect(answer.status == status)
                    let origins = answer.headers.filter { $0.name.lowercased() == "access-control-allow-origin" }
                    #expect(origins.map(\.value) == ["https://a.example"])
                }
            })
    }

    @Test("without a policy nothing is added, and the upstream's own fields go through")
    func none() async throws {
        try await TestGateway.with(
            keys: ["sk-1"],
            answer: { _ throws(BackendError) in .json("{}", headers: [("Access-Control-Allow-Origin", "upstream")]) },
            { gateway in
                let connection = try RawConnection(port: gateway.port)
                try connection.send(request("OPTIONS", "/v1/files", Self.preflight))
                #expect(await connection.response().status == 401)
                try connection.send(
                    request("GET", "/v1/files", "Origin: https://a.example\r\nAuthorization: Bearer sk-1\r\n"))
                #expect(await connection.response().header("access-control-allow-origin") == "upstream")
            })
    }
}
