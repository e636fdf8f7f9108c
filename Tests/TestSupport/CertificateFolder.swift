public import Foundation

/// A folder with keys, and certificates for `localhost` that they signed themselves.
public final class CertificateFolder: Sendable {
    /// What stands in the way of making one.
    public struct Failure: Error {}

    /// Whether the system has what it takes.
    public static let isPossible = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    /// The folder.
    public let url = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)")

    /// Makes `NAME.pem` and `NAME.key` for each name; a certificate called `expired` ended yesterday.
    public init(_ names: String...) throws {
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

    /// The path of a file in the folder.
    public func callAsFunction(_ name: String) -> String {
        url.appending(path: name).path
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process.quiet("/usr/bin/openssl", arguments)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure() }
    }
}

extension Process {
    /// A process that says nothing and reads nothing.
    public static func quiet(_ program: String, _ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }
}
