import Foundation
import Testing
import Transport

/// `openssl s_server` with a certificate of its own, for `localhost`.
private final class TLSServer {
    let folder: URL
    private(set) var port = 0
    private let server = Process()

    init() throws {
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
            server, ["s_server", "-accept", "0", "-key", path("key.pem"), "-cert", path("cert.pem"), "-www"])
        let output = Pipe()
        server.standardOutput = output
        try server.run()
        port = try #require(Self.announcedPort(output.fileHandleForReading))
    }

    /// The port in the line `ACCEPT [::]:PORT`.
    private static func announcedPort(_ output: FileHandle) -> Int? {
        var text = ""
        while true {
            let data = output.availableData
            text += String(decoding: data, as: UTF8.self)
            let complete = text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]
            if let line = complete.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT") }) {
                return line.split(separator: ":").last.flatMap { Int($0) }
            }
            if data.isEmpty { return nil }
        }
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
        let transport = try CurlTransport()
        let endpoint = try UpstreamEndpoint(
            "https://\(host):\(server.port)", options: EndpointOptions(certificateAuthorities: authorities))
        do {
            let response = try await transport.send(TransportRequest(method: "GET", path: "/"), to: endpoint)
            _ = try await response.body.collect()
            return .success(response.status)
        } catch {
            return .failure(error)
        }
    }

    @Test("a certificate is accepted only from a trusted authority and for the right host")
    func verification() async throws {
        let server = try TLSServer()
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
