import Foundation
public import PromptSchema

/// An external program that shortens texts: JSON lines {"text", "rate"} on its standard input, {"text"} on its output,
/// one answer a line, in order. `integrations/llmlingua/compress.py` is one.
///
/// Results are kept in a folder by the hash of command, text and rate, so that a run does not depend on the program's
/// second answer being its first.
public struct CommandCompressor: TemplateCompressor {
    /// "command" with a hash of the command line.
    public let name: String
    private let command: [String]
    private let cache: String

    private struct Request: Codable {
        let text: String
        let rate: Double
    }

    private struct Answer: Codable {
        let text: String
    }

    /// A program with its arguments; the program is looked up in PATH unless it has a slash.
    ///
    /// - Parameter cache: folder for results.
    public init(command: [String], cache: String) throws(InternalizationError) {
        guard command.first?.isEmpty == false else { throw .setting("compressor: the command is empty") }
        self.command = command
        self.cache = cache
        name = "command+" + String(stableHash(command.joined(separator: "\u{0}")), radix: 16)
    }

    /// Sends every removable literal that has text; literals without words are kept as they are.
    public func compress(
        _ schema: Schema, rate: Double, countTokens: ([UInt8]) -> Int
    ) throws(InternalizationError) -> CompressedTemplate {
        if let end = schema.end(rate: rate, countTokens: countTokens) { return end }
        var literals: [Int: [UInt8]] = [:]
        for literal in schema.removableLiterals {
            let text = String(decoding: literal.text, as: UTF8.self)
            let isBlank = text.allSatisfy(\.isWhitespace)
            literals[literal.number] = isBlank ? literal.text : Array(try shortened(text, rate: rate).utf8)
        }
        return schema.compressed(to: literals, countTokens: countTokens)
    }

    private func shortened(_ text: String, rate: Double) throws(InternalizationError) -> String {
        let key = String(stableHash(name + "\u{0}\(rate)\u{0}" + text), radix: 16)
        let path = "\(cache)/\(key).json"
        if let data = FileManager.default.contents(atPath: path),
            let answer = try? JSONDecoder().decode(Answer.self, from: data)
        {
            return answer.text
        }
        let output = try run(Request(text: text, rate: rate))
        guard let line = output.split(separator: UInt8(ascii: "\n")).first,
            let answer = try? JSONDecoder().decode(Answer.self, from: Data(line))
        else { throw .setting("compressor: \(command[0]) did not answer with a line {\"text\": …}") }
        do {
            try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
            try JSONEncoder().encode(answer).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .file(path: path, reason: "cannot be written: \(error.localizedDescription)")
        }
        return answer.text
    }

    private func run(_ request: Request) throws(InternalizationError) -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        // A file, not a pipe: a program that ends without reading would end this one by a signal.
        let input = "\(cache)/\(UUID().uuidString).request"
        do {
            let line = try JSONEncoder().encode(request) + Data("\n".utf8)
            try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
            try line.write(to: URL(fileURLWithPath: input))
            defer { try? FileManager.default.removeItem(atPath: input) }
            process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: input))
            try process.run()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw InternalizationError.setting(
                    "compressor: \(command[0]) ended with status \(process.terminationStatus)")
            }
            return data
        } catch let error as InternalizationError {
            throw error
        } catch {
            throw .setting("compressor: \(command[0]) cannot be run: \(error.localizedDescription)")
        }
    }
}
