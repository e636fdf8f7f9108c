import Foundation
import TestSupport
import Testing

@Suite("Open files")
struct FileDescriptorTests {
    @Test("a gateway has room for its connections at once, as far as its hard limit allows", arguments: [2_000, 700])
    func room(hard: Int) async throws {
        let folder = try TinyModelFolder()
        let config = try folder.write(
            "upstreams: {up: {base_url: \"http://127.0.0.1:9/v1\"}}\nlimits: {connections: 500}\n", to: "gateway.yaml")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [
            "-c",
            "ulimit -Sn 256 && ulimit -Hn \(hard) && "
                + "exec \"$0\" serve --config \"$1\" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0",
            Program.path, config,
        ]
        let output = folder.path + "/output"
        process.standardOutput = try Program.handle(output)
        process.standardError = try Program.handle(folder.path + "/errors")
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        #expect(await eventually(within: .seconds(30)) { Program.read(output).contains("listening") })
        let status = Program.read("/proc/\(process.processIdentifier)/status")
        let size = status.split(separator: "\n").first { $0.hasPrefix("FDSize:") }?.split(separator: "\t").last
        // The kernel's table is a power of two; 2 * 500 + 256 are wanted.
        #expect(Int(size ?? "") ?? 0 >= min(1_256, hard), "\(status)")
        let limits = Program.read("/proc/\(process.processIdentifier)/limits")
        let open = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }?
            .split(separator: " ", omittingEmptySubsequences: true)
        #expect(open.flatMap { Int($0[3]) } == min(1_256, hard))
    }
}
