import Foundation

/// A curl at work, which trusts the certificate that its arguments name.
struct CurlClient {
    private let process = Process()
    private let output = Pipe()

    /// Asks `localhost`; of arguments that occur twice the last counts.
    init(_ port: Int, _ path: String, _ arguments: [String]) throws {
        process.executableURL = URL(filePath: "/usr/bin/curl")
        process.arguments =
            [
                "-s", "-S", "--max-time", "10", "--resolve", "localhost:\(port):127.0.0.1", "-w",
                " %{http_version} %{http_code}",
            ]
            + arguments + ["https://localhost:\(port)\(path)"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    /// What it has printed at its end, the body, the HTTP version and the status; nil if it failed.
    func answer() -> String? {
        let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }

    /// Ends it where it stands.
    func cutOff() { kill(process.processIdentifier, SIGKILL) }
}
