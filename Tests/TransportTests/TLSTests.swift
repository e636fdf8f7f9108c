import Foundation
import Testing
import Transport

/// `openssl s_server` with a certificate of its own, for `localhost`.
private final class TLSServer {
    let folder: URL
    let port: Int
    private let server = Process()

    init(port: Int) throws {
        self.port = port
        folder = FileManager.default.temporaryDirectory.appending(path: "transport-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let request = Process()
        Self.configure(
            request,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", path("key.pem"), "-out",
                path("cert.pem"),
            ])
        try request.run()
        request.waitUntilExit()
        Self.configure(
            server, ["s_server", "-accept", "\(port)", "-key", path("key.pem"), "-cert", path("cert.pem"), "-www"])
        try server.run()
    }

    deinit {
        server.terminate()
        try? FileManager.default.removeItem(at: folder)
    }

    func path(_ name: String) -> String {
        folder.appending(path: name).path
    }

    private static func configure(_ process: Process, _ arguments: [String]) {
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardInput = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
    }
}

@Suite("TLS", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
struct TLSTests {
    private func outcome(
        _ server: TLSServer, host: String, authorities: String?
    ) async throws -> Result<Int, TransportError> {
        let transport = try CurlTransport(options: TransportOptions(certificateAuthorities: authorities))
        let endpoint = try UpstreamEndpoint("https://\(host):\(server.port)")
        let end = ContinuousClock.now + .seconds(10)
        while true {
            do {
                let response = try await transport.send(TransportRequest(method: "GET", path: "/"), to: endpoint)
                _ = try await response.body.collect()
                return .success(response.status)
            } catch {
                // The server needs a moment to listen.
                guard error.code == .connect, ContinuousClock.now < end else { return .failure(error) }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test("a certificate is accepted only from a trusted authority and for the right host")
    func verification() async throws {
        let server = try TLSServer(port: Int.random(in: 42_000..<58_000))
        let trusted = try await outcome(server, host: "localhost", authorities: server.path("cert.pem"))
        #expect(try trusted.get() == 200)
        for (host, authorities) in [("localhost", nil), ("127.0.0.1", server.path("cert.pem"))] {
            let refused = try await outcome(server, host: host, authorities: authorities)
            guard case .failure(let error) = refused else {
                Issue.record("the certificate must be refused")
                continue
            }
            #expect(error.code == .tls)
            #expect(!error.wasSent)
        }
    }
}
