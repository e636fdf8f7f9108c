import ArgumentParser
import Configuration
import PromptSchema

/// The commands about schemas.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Check a task's schema, or show what it makes of a request.",
        subcommands: [SchemaCheckCommand.self, SchemaExplainCommand.self])
}

/// Checks a schema file.
struct SchemaCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a schema file with its templates and example bank.",
        discussion: "Exit code 0 if it is right; 2 with file, line and key if it is not.")

    @Argument(help: ArgumentHelp("The schema file.", valueName: "file"))
    var file: String

    func run() throws {
        let schema = try SchemaFile.load(path: file)
        show("\(file): right\n")
        var table = Columns()
        table.rows = [
            ["task", schema.id], ["version", schema.version], ["fingerprint", schema.fingerprint],
            ["unknown examples", schema.unknownExamples.rawValue], ["example bank", "\(schema.bank.count) examples"],
        ]
        if !schema.allows.isEmpty { table.rows.append(["allows", schema.allows.sorted().joined(separator: ", ")]) }
        for (number, message) in schema.messages.enumerated() {
            let parts = message.parts.map(Self.describe).joined(separator: " + ")
            table.rows.append(["message \(number + 1)", "\(message.role.rawValue): \(parts)"])
        }
        show(table.text)
    }

    private static func describe(_ part: Part) -> String {
        switch part {
        case .template(let text, let keep): "template (\(text.count) bytes\(keep ? ", kept" : ""))"
        case .examples: "examples"
        case .context(let slot): "context '\(slot.name)'"
        case .query: "query"
        }
    }
}
