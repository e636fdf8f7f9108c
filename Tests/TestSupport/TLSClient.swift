public import Foundation

/// `openssl s_client`, which speaks HTTP/2 by ALPN, sends bytes, and keeps what comes back until the server closes.
public final class TLSClient {
    private let client: Process
    private let output: URL

    /// Connects to a port of this machine; the bytes stand in the folder meanwhile.
    public init(port: Int, sending bytes: [UInt8], in folder: CertificateFolder) throws {
        let name = UUID().uuidString
        let input = folder.url.appending(path: "\(name).in")
        output = folder.url.appending(path: "\(name).out")
        try Data(bytes).write(to: input)
        try Data().write(to: output)
        client = Process.quiet(
            "/usr/bin/openssl", ["s_client", "-connect", "127.0.0.1:\(port)", "-alpn", "h2", "-quiet"])
        client.standardInput = try FileHandle(forReadingFrom: input)
        client.standardOutput = try FileHandle(forWritingTo: output)
        try client.run()
    }

    deinit { cutOff() }

    /// What has come back so far.
    public var received: Data { (try? Data(contentsOf: output)) ?? Data() }

    /// Whether it has come back.
    public func hasReceived(_ text: String) -> Bool { received.range(of: Data(text.utf8)) != nil }

    /// Whether the server has not closed the connection yet.
    public var isConnected: Bool { client.isRunning }

    /// Ends it where it stands: the system closes its socket, and TLS says nothing.
    public func cutOff() {
        if client.isRunning { kill(client.processIdentifier, SIGKILL) }
    }
}
