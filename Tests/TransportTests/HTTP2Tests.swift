import TestSupport
import Testing
import Transport

@Suite("HTTP/2", .enabled(if: HTTP2Server.isInstalled))
struct HTTP2Tests {
    private struct Fixture: Sendable {
        let certificates: CertificateFolder
        let server: HTTP2Server
        let transport: CurlTransport
        let endpoint: UpstreamEndpoint

        init(protocols: String = "ssl http2", allowsHTTP2: Bool = true) async throws {
            certificates = try CertificateFolder("server")
            server = try await HTTP2Server(certificates, protocols: protocols)
            transport = try CurlTransport()
            endpoint = try UpstreamEndpoint(
                "https://localhost:\(server.port)",
                options: EndpointOptions(
                    allowsHTTP2: allowsHTTP2, certificateAuthorities: certificates("server.pem")))
        }

        func send(_ method: String, _ path: String, body: [UInt8] = []) async throws -> TransportResponse {
            try await transport.send(TransportRequest(method: method, path: path, body: body), to: endpoint)
        }
    }

    @Test(
        "it is used where the upstream offers it and the endpoint allows it",
        arguments: [("ssl http2", true, "HTTP/2.0"), ("ssl http2", false, "HTTP/1.1"), ("ssl", true, "HTTP/1.1")])
    func negotiated(protocols: String, allowed: Bool, expected: String) async throws {
        let fixture = try await Fixture(protocols: protocols, allowsHTTP2: allowed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let response = try await fixture.send(
                        number % 2 == 0 ? "GET" : "POST", number % 2 == 0 ? "/small" : "/post",
                        body: number % 2 == 0 ? [] : patterned(2000))
                    #expect(response.status == 200)
                    #expect(response.header("x-protocol") == expected)
                    let body = String(decoding: try await response.body.collect(), as: UTF8.self)
                    #expect(body == (number % 2 == 0 ? "small" : "posted"))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a stopped reader holds nobody up, and gets every byte in the end")
    func stoppedReader() async throws {
        let fixture = try await Fixture()
        let stopped = try await fixture.send("GET", "/big")
        try await Task.sleep(for: .milliseconds(200))
        for _ in 0..<20 {
            let response = try await fixture.send("GET", "/small")
            #expect(try await response.body.collect() == [UInt8]("small".utf8))
        }
        let both = try await fixture.send("GET", "/big")
        #expect(try await both.body.collect() == patterned(24 << 20))
        #expect(try await stopped.body.collect() == patterned(24 << 20))
    }

    @Test("eight stopped readers with 24 MB on offer each cost less than 16 MB")
    func stoppedReaders() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.send("GET", "/big").body.collect()
        let before = try residentBytes()
        var stopped: [TransportResponse] = []
        for _ in 0..<8 { stopped.append(try await fixture.send("GET", "/big")) }
        try await Task.sleep(for: .milliseconds(500))
        let growth = try residentBytes() - before
        print("8 stopped readers over HTTP/2: resident memory grew by \(growth >> 10) KiB")
        #expect(growth < 16 << 20)
        #expect(stopped.count == 8)
    }

    @Test("cancelling one exchange leaves the others alone")
    func cancelled() async throws {
        let fixture = try await Fixture()
        for _ in 0..<2 {
            let other = Task { try await fixture.send("GET", "/big").body.collect() }
            let gone = try await fixture.send("GET", "/big")
            for try await _ in gone.body { break }
            #expect(try await other.value == patterned(24 << 20))
        }
    }
}
