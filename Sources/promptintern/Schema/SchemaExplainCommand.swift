import ArgumentParser
import ChatAPI
import Configuration
import Foundation
import PromptSchema

/// Shows what a schema makes of a request.
struct SchemaExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show, segment by segment, what would be taken out of a request, or why nothing would be.",
        discussion: "Exit code 0 if the request is recognised, 1 if it is not.")

    @Option(help: ArgumentHelp("A task folder, or the name of one in config/tasks.", valueName: "folder"))
    var task: String

    @Argument(help: ArgumentHelp("A chat completion request as JSON; - for standard input.", valueName: "request"))
    var request: String

    func run() throws {
        let schema = try SchemaFile.load(path: try TaskPath(task).folder + "/schema.yaml")
        let bytes = try read()
        let request: ChatRequest
        do throws(RequestError) {
            request = try ChatRequest(bytes)
        } catch {
            throw Failure("\(self.request): \(error.message)")
        }
        guard let messages = Self.messages(of: request) else {
            show("not recognised: a message has a role that schemas do not know, or content other than text")
            throw ExitCode(1)
        }
        let explanation = schema.explain(messages)
        if let reason = explanation.reason {
            show(Self.refusal(reason, explanation, schema))
            throw ExitCode(1)
        }
        show(Self.table(explanation, messages, schema))
        let features = request.features.map(\.description).filter { !schema.allows.contains($0) }.sorted()
        if !features.isEmpty {
            show("\nIt would go in full nevertheless: the schema does not allow \(features.joined(separator: ", ")).")
        }
    }

    private func read() throws -> [UInt8] {
        if request == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: request) else {
            throw Failure("\(request): there is no such file, or it cannot be read; - reads standard input")
        }
        return Array(data)
    }

    private static func messages(of request: ChatRequest) -> [PromptMessage]? {
        var messages: [PromptMessage] = []
        for message in request.messages {
            guard let role = message.role.flatMap(Role.init(rawValue:)), let texts = message.texts else { return nil }
            var joined: [UInt8] = []
            for text in texts {
                guard let bytes = text.string.utf8 else { return nil }
                joined += bytes
            }
            messages.append(PromptMessage(role: role, text: joined))
        }
        return messages
    }

    private static func table(
        _ explanation: Explanation, _ messages: [PromptMessage], _ schema: Schema
    ) -> String {
        var table = Columns(rows: [["message", "role", "segment", "bytes", "", "text"]])
        table.right = [3]
        for row in explanation.rows {
            let name = row.example.map { "example \($0 + 1) of the bank" } ?? row.slot.map { "\(row.kind) '\($0)'" }
            table.rows.append([
                "\(row.message + 1)", messages[row.message].role.rawValue, name ?? "\(row.kind)", "\(row.byteCount)",
                row.kept ? "kept" : "taken out", preview(messages[row.message].text[row.range]),
            ])
        }
        let total = explanation.keptByteCount + explanation.removedByteCount
        return "recognised as task \(schema.id) (\(schema.versionName))\n\n" + table.text
            + "\n\n\(explanation.removedByteCount) of \(total) bytes would be taken out."
    }

    private static func refusal(_ reason: UnknownReason, _ explanation: Explanation, _ schema: Schema) -> String {
        var text = "not recognised as task \(schema.id): \(reason.code)\n\(reason.detail)"
        if let difference = explanation.difference {
            text += "\n\nmessage \(difference.message + 1), byte \(difference.offset):"
            text += "\n  the schema has  " + (difference.expected.isEmpty ? "nothing more" : "'\(difference.expected)'")
            text += "\n  the request has " + (difference.found.isEmpty ? "nothing more" : "'\(difference.found)'")
        }
        return text
    }

    /// The first characters of a segment, on one line.
    private static func preview(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(200), as: UTF8.self).map { $0.isNewline ? "⏎" : $0 }
        return text.count > 48 ? String(text.prefix(47)) + "…" : String(text)
    }
}

/// A task folder, given as one or by the name of one in `config/tasks`.
struct TaskPath {
    let folder: String

    init(_ text: String) throws {
        let candidates = [text, "config/tasks/" + text]
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0 + "/schema.yaml") })
        else {
            throw Failure(
                "there is no task '\(text)': give a folder that holds a schema.yaml, or the name of one in config/tasks"
            )
        }
        folder = found
    }
}
