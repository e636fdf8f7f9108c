import Foundation

/// `openssl s_server`, which answers any request with a page about the connection.
public final class TLSServer {
    /// The port that the system chose.
    public let port: Int
    private let server: Process

    /// Starts with the certificate of this name.
    public init(_ certificates: CertificateFolder, _ name: String = "server", arguments: [String] = []) throws {
        server = Process.quiet(
            "/usr/bin/openssl",
            [
                "s_server", "-accept", "0", "-key", certificates("\(name).key"), "-cert", certificates("\(name).pem"),
                "-www",
            ] + arguments)
        let output = Pipe()
        server.standardOutput = output
        try server.run()
        guard let port = Self.announcedPort(output.fileHandleForReading) else { throw CertificateFolder.Failure() }
        self.port = port
    }

    deinit {
        // What a dispatch thread starts has SIGTERM blocked, and this program does not ask for it.
        kill(server.processIdentifier, SIGKILL)
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
