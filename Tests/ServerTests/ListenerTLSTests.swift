import Foundation
import Gateway
import Server
import TestSupport
import Testing

@Suite(
    "TLS on the listener",
    .enabled(if: CertificateFolder.isPossible && FileManager.default.isExecutableFile(atPath: "/usr/bin/curl")),
    .timeLimit(.minutes(1)))
struct ListenerTLSTests {
    /// What curl prints: the body, the HTTP version and the status; nil if it fails.
    private func curl(_ port: Int, _ path: String, _ arguments: String...) throws -> String? {
        try CurlClient(port, path, arguments).answer()
    }

    @Test(
        "a client is served over the protocol it chose, whole answers and streams", arguments: ["--http1.1", "--http2"])
    func protocols(_ version: String) async throws {
        let folder = try CertificateFolder("one")
        let tls = try ListenerTLS(.init(certificate: folder("one.pem"), key: folder("one.key")))
        let body = folder("body")
        try Data(repeating: 0x20, count: 300_000).write(to: URL(filePath: body))
        try await TestGateway.with(
            configure: { $0.tls = tls },
            answer: { request throws(BackendError) in
                guard request.chat != nil else { return .json("\(request.method) \(request.body.count)") }
                return .events { number in
                    number < 3 ? Array("data: \(number)\n\n".utf8) : number == 3 ? Array("data: [DONE]\n\n".utf8) : nil
                }
            },
            { gateway in
                let number = version == "--http2" ? "2" : "1.1"
                let trust = folder("one.pem")
                #expect(
                    try curl(gateway.port, "/v1/files", version, "--cacert", trust, "--data-binary", "@\(body)")
                        == "POST 300000 \(number) 200")
                #expect(try curl(gateway.port, "/v1/files", version, "--cacert", trust) == "GET 0 \(number) 200")
                let stream = try curl(
                    gateway.port, "/v1/chat/completions", version, "--cacert", trust, "-d",
                    #"{"model":"m","stream":true,"messages":[]}"#)
                #expect(stream == "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n \(number) 200")
                #expect(
                    try curl(gateway.port, "/nowhere", version, "--cacert", trust)?.hasSuffix("\(number) 404") == true)
                let plain = try RawConnection(port: gateway.port)
                try plain.send(request("GET", "/health/live"))
                #expect(await plain.response().status == 0)
                #expect(
                    await eventually {
                        gateway.records.all.count == 4 && gateway.records.all.allSatisfy { $0.end == .complete }
                    })
            })
    }

    @Test("a replaced certificate serves new connections, and one that cannot be used leaves the old in force")
    func reload() async throws {
        let folder = try CertificateFolder("one", "two")
        let (certificate, key) = (folder("used.pem"), folder("used.key"))
        func use(_ name: String) throws {
            for (from, to) in [("\(name).pem", certificate), ("\(name).key", key)] {
                try? FileManager.default.removeItem(atPath: to)
                try FileManager.default.copyItem(atPath: folder(from), toPath: to)
            }
        }
        try use("one")
        let tls = try ListenerTLS(.init(certificate: certificate, key: key))
        try await TestGateway.with(configure: { $0.tls = tls }, answer: { _ throws(BackendError) in .json("{}") }) {
            gateway in
            #expect(try curl(gateway.port, "/health/live", "--cacert", folder("one.pem")) != nil)
            try use("two")
            try tls.reload()
            #expect(try curl(gateway.port, "/health/live", "--cacert", folder("two.pem")) != nil)
            #expect(try curl(gateway.port, "/health/live", "--cacert", folder("one.pem")) == nil)
            try Data("nonsense".utf8).write(to: URL(filePath: key))
            #expect(throws: ServerError.self) { try tls.reload() }
            #expect(try curl(gateway.port, "/health/live", "--cacert", folder("two.pem")) != nil)
        }
    }

    @Test("with a client CA, a client without a certificate of it is turned away; TLS before 1.2 is")
    func clients() async throws {
        let folder = try CertificateFolder("server", "client", "other")
        let tls = try ListenerTLS(
            .init(certificate: folder("server.pem"), key: folder("server.key"), clientCA: folder("client.pem")))
        try await TestGateway.with(configure: { $0.tls = tls }, answer: { _ throws(BackendError) in .json("{}") }) {
            (gateway: TestGateway) async throws -> Void in
            let trust = folder("server.pem")
            func ask(_ name: String) throws -> String? {
                try curl(
                    gateway.port, "/health/live", "--cacert", trust, "--cert", folder("\(name).pem"), "--key",
                    folder("\(name).key"))
            }
            #expect(try ask("client") != nil)
            #expect(try ask("other") == nil)
            #expect(try curl(gateway.port, "/health/live", "--cacert", trust) == nil)
            #expect(try curl(gateway.port, "/health/live", "--cacert", trust, "--tls-max", "1.1") == nil)
        }
    }

    @Test("connections in their handshake count as open, and end at once at a stop")
    func handshakes() async throws {
        let folder = try CertificateFolder("one")
        let tls = try ListenerTLS(.init(certificate: folder("one.pem"), key: folder("one.key")))
        try await TestGateway.with(
            configure: { ($0.tls, $0.connections) = (tls, 2) }, answer: { _ throws(BackendError) in .json("{}") },
            { gateway in
                let open = [try RawConnection(port: gateway.port), try RawConnection(port: gateway.port)]
                #expect(await eventually { gateway.load.connections == 2 })
                for (version, number) in [("--http1.1", "1.1"), ("--http2", "2")] {
                    let trust = folder("one.pem")
                    let refused = try curl(gateway.port, "/health/live", version, "--cacert", trust, "-i")
                    #expect(refused?.contains("as many connections as it may") == true)
                    #expect(
                        refused?.contains("retry-after: 1") == true && refused?.hasSuffix(" \(number) 503") == true)
                }
                await gateway.beginStop()
                for connection in open { #expect(await connection.receive() == []) }
            })
    }

    @Test("an HTTP/2 client beyond the limit is told so, and served on the same connection once others have gone")
    func turnedAway() async throws {
        let folder = try CertificateFolder("one")
        let tls = try ListenerTLS(.init(certificate: folder("one.pem"), key: folder("one.key")))
        try await TestGateway.with(
            configure: { ($0.tls, $0.connections) = (tls, 2) },
            answer: { _ throws(BackendError) in .json(#"{"served":true}"#) },
            { gateway in
                let open = [try RawConnection(port: gateway.port), try RawConnection(port: gateway.port)]
                #expect(await eventually { gateway.load.connections == 2 })
                // It asks again after the `retry-after` of a 503; the last `-w` counts.
                let client = try CurlClient(
                    gateway.port, "/v1/files",
                    [
                        "--http2", "--cacert", folder("one.pem"), "--retry", "8", "-w",
                        " HTTP %{http_version}, connects %{num_connects}, status %{http_code}",
                    ])
                #expect(await eventually { gateway.records.all.contains { $0.status == 503 } })
                for connection in open { connection.close() }
                #expect(await eventually { gateway.load.connections <= 1 })
                let text = try #require(client.answer())
                #expect(text.contains("as many connections as it may"))
                #expect(text.hasSuffix(#"{"served":true} HTTP 2, connects 0, status 200"#))
                // What was refused reached no backend; each refusal was a stream's whole answer.
                #expect(await eventually { gateway.records.all.last?.status == 200 })
                let records = gateway.records.all
                #expect(records.allSatisfy { $0.end == .complete })
                #expect(records.dropLast().allSatisfy { $0.status == 503 && $0.trace == nil })
            })
    }

    @Test("of the connections beyond the limit only some may cost a handshake, the rest are closed")
    func flood() async throws {
        let folder = try CertificateFolder("one")
        let tls = try ListenerTLS(.init(certificate: folder("one.pem"), key: folder("one.key")))
        try await TestGateway.with(
            configure: { ($0.tls, $0.connections) = (tls, 1) }, answer: { _ throws(BackendError) in .json("{}") },
            { gateway in
                var open: [RawConnection] = []
                for _ in 0..<65 { open.append(try RawConnection(port: gateway.port)) }
                #expect(await eventually { gateway.load.connections == 65 })
                for _ in 0..<3 { #expect(await (try RawConnection(port: gateway.port)).receive() == []) }
                #expect(open.count == 65)
            })
    }

    @Test("files that do not belong together are refused, by name")
    func mismatch() throws {
        let folder = try CertificateFolder("one", "two")
        for (certificate, key) in [
            ("one.pem", "two.key"), ("none.pem", "one.key"), ("one.key", "one.key"), ("one.pem", "one.pem"),
        ] {
            #expect(throws: ServerError.self) {
                try ListenerTLS(.init(certificate: folder(certificate), key: folder(key)))
            }
        }
    }
}
