import TestSupport
import Testing
import Transport

@Suite("What is refused before anything is sent", .allCarriers)
struct RefusalTests {
    @Test(
        "a header field that could inject another is refused",
        arguments: [
            ("X-A", "1\r\nX-B: 2"), ("X-A", "1\nX-B: 2"), ("X-A", "a\0b"), ("X-A\r\nX-B", "1"), ("X A", "1"), ("", "1"),
            ("X:A", "1"), ("X-A", "\u{7F}"), ("X-Ä", "1"),
        ])
    func injection(name: String, value: String) async throws {
        let fixture = try TransportFixture { _ in [.response()] }
        let error = try #require(await fixture.failure(headers: [(name, value)]))
        #expect(error.code == .badRequest)
        #expect(!error.wasSent)
        #expect(fixture.server.connectionCount == 0)
    }

    @Test("a method that is not one is refused", arguments: ["", "GET /x", "CONNECT", "A\r\nB"])
    func method(_ method: String) async throws {
        let fixture = try TransportFixture { _ in [.response()] }
        #expect(await fixture.failure(method)?.code == .badRequest)
    }

    @Test(
        "a path that could leave the upstream's prefix or the request line is refused",
        arguments: [
            "", "v1", "/a b", "/a\r\nHost: x", "/a#b", "/ä", "/../x", "/a/..", "/a/./b", "/%2e%2E/x", "/.%2e", "/a/%2e",
        ])
    func path(_ path: String) async throws {
        let fixture = try TransportFixture(pathPrefix: "/v1") { _ in [.response()] }
        do {
            _ = try await fixture.send("POST", path)
            Issue.record("\(path) should be refused")
        } catch {
            #expect(error.code == .badURL)
            #expect(!error.wasSent)
        }
        #expect(fixture.server.connectionCount == 0)
    }

    @Test(
        "a path is sent as it is",
        arguments: [
            "/", "//x", "/a?b=/../c", "/a/...", "/@x:y", "/a%2Fb?x=%00", "/.well-known/x", "/a;b=c'\"<>{}|\\^`",
        ])
    func verbatimPath(_ path: String) async throws {
        let fixture = try TransportFixture { _ in [.response()] }
        _ = try await fixture.send("POST", path)
        #expect(fixture.server.requests.first?.target == path)
    }

    @Test(
        "a base URL is taken apart",
        arguments: [
            ("http://h", "http://h", ""), ("HTTPS://API.Example.com/v1/", "https://api.example.com", "/v1"),
            ("http://127.0.0.1:8080/a/b", "http://127.0.0.1:8080", "/a/b"), ("http://[::1]:80", "http://[::1]:80", ""),
            ("http://my_host.local//", "http://my_host.local", ""),
        ])
    func endpoint(url: String, origin: String, prefix: String) throws {
        let endpoint = try UpstreamEndpoint(url)
        #expect(endpoint.origin == origin)
        #expect(endpoint.pathPrefix == prefix)
    }

    @Test(
        "a base URL that is not one is refused, and the error does not repeat it",
        arguments: [
            "", "api.secret.com", "ftp://secret", "file:///secret", "http://", "http:///secret", "http://u:secret@h",
            "http://h:0", "http://h:65536", "http://h:+1", "http://h:secret", "http://h?secret", "http://h/#secret",
            "http://h secret", "http://[secret]", "http://[::1", "http://h/../secret", "http://h\\@secret", "http://-h",
        ])
    func badEndpoint(url: String) {
        #expect {
            try UpstreamEndpoint(url)
        } throws: { error in
            (error as? TransportError)?.code == .badURL && !"\(error)".contains("secret")
        }
    }
}
