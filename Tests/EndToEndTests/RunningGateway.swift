import Foundation
import TestSupport

/// A gateway that serves in a process of its own, on ports that the system chose.
final class RunningGateway {
    let port: Int
    let adminPort: Int
    let process: Process
    private let files: TinyModelFolder

    struct NotStarted: Error, CustomStringConvertible {
        let description: String
    }

    /// What it wrote so far.
    var output: String { Program.read(files.path + "/output") }
    var errors: String { Program.read(files.path + "/errors") }

    /// Starts it and waits until it listens.
    init(_ arguments: [String], environment: [String: String] = [:]) async throws {
        files = try TinyModelFolder()
        process = Program.process(
            ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"] + arguments,
            environment: environment, folder: files.path)
        process.standardOutput = try Program.handle(files.path + "/output")
        process.standardError = try Program.handle(files.path + "/errors")
        try process.run()
        let file = files.path + "/output"
        let running = process
        _ = await eventually(within: .seconds(20)) {
            Program.read(file).contains("Try it:") || !running.isRunning
        }
        let words = Program.read(file).split(whereSeparator: \.isWhitespace)
        let ports = words.filter { $0.hasPrefix("http://127.0.0.1:") }.compactMap { word in
            Int(word.dropFirst("http://127.0.0.1:".count).prefix { $0.isNumber })
        }
        guard ports.count >= 2 else {
            process.terminate()
            throw NotStarted(description: Program.read(files.path + "/errors"))
        }
        (port, adminPort) = (ports[0], ports[1])
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Sends a request on a connection of its own.
    func send(
        _ method: String, _ path: String, headers: [String] = [], body: [UInt8] = [], admin: Bool = false
    ) async throws -> RawResponse {
        let connection = try RawConnection(port: admin ? adminPort : port)
        try connection.send(Self.request(method, path, headers: headers, body: body))
        return await connection.response(to: method)
    }

    /// The bytes of a request.
    static func request(_ method: String, _ path: String, headers: [String] = [], body: [UInt8] = []) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: gateway\r\n"
        if !body.isEmpty { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        for header in headers { head += header + "\r\n" }
        return Array((head + "\r\n").utf8) + body
    }

    /// Posts a chat completion.
    func chat(_ body: String, headers: [String] = []) async throws -> RawResponse {
        try await send("POST", "/v1/chat/completions", headers: headers, body: Array(body.utf8))
    }

    /// Sends SIGTERM and waits for the end; the exit code.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Kills it without a warning.
    func kill9() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
