import Foundation
import TestSupport

/// The built program.
enum Program {
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Where it lies: in the folder of the test bundle.
    static let path: String = {
        let candidates =
            CommandLine.arguments.prefix(1) + [
                Bundle.main.executablePath ?? "",
                URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                    .deletingLastPathComponent().deletingLastPathComponent().path + "/.build/debug/none",
            ]
        let folders = candidates.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        let programs = folders.map { $0.appendingPathComponent("promptintern").path }
        return programs.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "no program in \(programs)"
    }()

    /// A process of the program that is not started yet, with an environment that holds none of its variables.
    static func process(_ arguments: [String], environment: [String: String] = [:], folder: String? = nil) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PROMPTINTERN_") }
        all.merge(environment) { $1 }
        process.environment = all
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        return process
    }

    /// Runs it to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil, input: String = ""
    ) throws -> Result {
        let files = try TinyModelFolder()
        let (output, errors) = (files.path + "/output", files.path + "/errors")
        let process = process(arguments, environment: environment, folder: folder)
        let inputFile = try files.write(input, to: "input")
        process.standardInput = FileHandle(forReadingAtPath: inputFile)
        process.standardOutput = try handle(output)
        process.standardError = try handle(errors)
        try process.run()
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: read(output), errors: read(errors))
    }

    static func handle(_ path: String) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    static func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
