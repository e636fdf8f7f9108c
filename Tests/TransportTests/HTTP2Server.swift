import Foundation
import TestSupport
import Testing

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
