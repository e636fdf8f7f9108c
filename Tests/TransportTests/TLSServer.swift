import Foundation
import TestSupport
import Testing

/// A folder with a key, and certificates for `localhost` that it signed itself.
final class CertificateFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "transport-tls-\(UUID().uuidString)")

    /// Makes `NAME.pem` and `NAME.key` for each name; a certificate called `expired` ended yesterday.
    init(_ names: String...) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for name in names {
            try Self.run([
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", self("\(name).key"), "-out",
                self("\(name).csr"),
            ])
            try Self.run([
                "x509", "-req", "-in", self("\(name).csr"), "-signkey", self("\(name).key"), "-copy_extensions", "copy",
                "-days", name == "expired" ? "-1" : "2", "-out", self("\(name).pem"),
            ])
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func callAsFunction(_ name: String) -> String {
        url.appending(path: name).path
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process.quiet("/usr/bin/openssl", arguments)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}

/// `openssl s_server`, which answers any request with a page about the connection.
final class TLSServer {
    private(set) var port = 0
    private let server: Process

    init(_ certificates: CertificateFolder, _ name: String = "server", arguments: [String] = []) throws {
        server = Process.quiet(
            "/usr/bin/openssl",
            [
                "s_server", "-accept", "0", "-key", certificates("\(name).key"), "-cert", certificates("\(name).pem"),
                "-www",
            ]
                + arguments)
        let output = Pipe()
        server.standardOutput = output
        try server.run()
        port = try #require(Self.announcedPort(output.fileHandleForReading))
    }

    deinit {
        server.terminate()
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
}

/// nginx with HTTP/2: `/big` is 24 MB, `/small` a few bytes, any POST is answered; each answer names its connection.
final class HTTP2Server: Sendable {
    let port: Int
    private let server: Process

    static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/sbin/nginx")

    init(_ certificates: CertificateFolder, protocols: String = "ssl http2") async throws {
        let placeholder = try ScriptedServer { _ in [] }
        port = placeholder.port
        placeholder.stop()
        try Data(patterned(24 << 20)).write(to: certificates.url.appending(path: "big"))
        try Data("small".utf8).write(to: certificates.url.appending(path: "small"))
        let configuration = """
            daemon off; worker_processes 1; pid \(certificates("pid")); error_log /dev/null; events {}
            http {
                access_log off; client_body_temp_path \(certificates("t1")); proxy_temp_path \(certificates("t2"));
                fastcgi_temp_path \(certificates("t3")); uwsgi_temp_path \(certificates("t4"));
                scgi_temp_path \(certificates("t5"));
                server {
                    listen 127.0.0.1:\(port) \(protocols);
                    ssl_certificate \(certificates("server.pem")); ssl_certificate_key \(certificates("server.key"));
                    root \(certificates.url.path);
                    add_header X-Protocol $server_protocol; add_header X-Connection $connection;
                    location = /post { return 200 "posted"; }
                }
            }
            """
        try Data(configuration.utf8).write(to: certificates.url.appending(path: "nginx.conf"))
        server = Process.quiet(
            "/usr/sbin/nginx", ["-p", certificates.url.path, "-c", certificates("nginx.conf"), "-e", "/dev/null"])
        try server.run()
        let pid = certificates("pid")
        #expect(await eventually { FileManager.default.fileExists(atPath: pid) })
    }

    deinit {
        server.terminate()
        server.waitUntilExit()
    }
}

extension Process {
    /// A process that says nothing and reads nothing.
    fileprivate static func quiet(_ program: String, _ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }
}
